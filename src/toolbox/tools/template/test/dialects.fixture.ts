import type { SqlDialect } from '../../../sources/source.ts';

const quoting =
  (quote: string, fold: boolean): SqlDialect['quoteIdentifier'] =>
  (identifier, { bare }) => {
    const name = fold && bare ? identifier.toLowerCase() : identifier;
    return quote + name.replaceAll(quote, quote + quote) + quote;
  };

/** The quotes of the four dialects, as their documentation has them. */
export const dialects: Readonly<Record<SqlDialect['name'], SqlDialect>> = {
  postgres: { name: 'postgres', identifierQuotes: [['"', '"']], quoteIdentifier: quoting('"', true) },
  mysql: { name: 'mysql', identifierQuotes: [['`', '`']], quoteIdentifier: quoting('`', false) },
  sqlite: {
    name: 'sqlite',
    identifierQuotes: [
      ['"', '"'],
      ['`', '`'],
      ['[', ']'],
    ],
    quoteIdentifier: quoting('"', false),
  },
  duckdb: { name: 'duckdb', identifierQuotes: [['"', '"']], quoteIdentifier: quoting('"', false) },
};
