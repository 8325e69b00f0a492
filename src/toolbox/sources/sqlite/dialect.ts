import { toolboxError } from '../../errors.ts';
import type { SqlDialect } from '../source.ts';

export const sqliteDialect: SqlDialect = {
  name: 'sqlite',
  // The standard's, MySQL's, SQL Server's (https://sqlite.org/lang_keywords.html). Names are compared
  // without regard to case however they are quoted, so a bare one needs no folding.
  identifierQuotes: [
    ['"', '"'],
    ['`', '`'],
    ['[', ']'],
  ],
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
