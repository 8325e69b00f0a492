import { toolboxError } from '../../errors.ts';
import type { SqlDialect } from '../source.ts';

export const duckdbDialect: SqlDialect = {
  name: 'duckdb',
  identifierQuotes: [['"', '"']],
  // Names are compared without regard to case, quoted or not: a bare one needs no folding.
  quoteIdentifier(identifier) {
    if (identifier === '' || identifier.includes('\0')) {
      throw toolboxError(
        'TEMPLATE_VALUE_REFUSED',
        `\`${identifier}\` cannot be an identifier: it is empty or has a NUL`,
      );
    }
    return `"${identifier.replaceAll('"', '""')}"`;
  },
};
