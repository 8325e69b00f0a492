import { toolboxError } from '../../errors.ts';
import type { SqlDialect } from '../source.ts';

/** In characters, for names of databases, tables and columns (MySQL manual 11.2.1); an alias may have more. */
const MAX_IDENTIFIER = 64;

export const mysqlDialect: SqlDialect = {
  name: 'mysql',
  identifierQuotes: [['`', '`']],
  quoteIdentifier(identifier) {
    const { length } = identifier;
    // A NUL ends a name; characters beyond the basic plane are not allowed in one; trailing blanks neither.
    if (length === 0 || length > MAX_IDENTIFIER || /[\0\u{10000}-\u{10ffff}]|\s$/u.test(identifier)) {
      throw toolboxError('TEMPLATE_VALUE_REFUSED', `\`${identifier}\` cannot be a MySQL identifier`);
    }
    return `\`${identifier.replaceAll('`', '``')}\``;
  },
};
