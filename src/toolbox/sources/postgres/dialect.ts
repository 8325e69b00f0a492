import { toolboxError } from '../../errors.ts';
import type { SqlDialect } from '../source.ts';

/** Longer names are cut by the server, silently: the cut name could be another table's. */
const MAX_IDENTIFIER_BYTES = 63;

export const postgresDialect: SqlDialect = {
  name: 'postgres',
  identifierQuotes: [['"', '"']],
  quoteIdentifier(identifier, { bare }) {
    const bytes = Buffer.byteLength(identifier);
    if (bytes === 0 || bytes > MAX_IDENTIFIER_BYTES || identifier.includes('\0')) {
      throw toolboxError(
        'TEMPLATE_VALUE_REFUSED',
        `\`${identifier}\` cannot be a PostgreSQL identifier: it has ${bytes} bytes, and 1 to ${MAX_IDENTIFIER_BYTES} are possible`,
      );
    }
    // The server folds ASCII letters of a bare name, whatever the locale does to others.
    const name = bare ? identifier.replaceAll(/[A-Z]/g, (letter) => letter.toLowerCase()) : identifier;
    return `"${name.replaceAll('"', '""')}"`;
  },
};
