/** Configurations that MCP Toolbox and Chatelaine both load, of as many tools as are wanted. */
import type { PostgresAddress } from '../../test/postgres-server.ts';

export const toolName = (at: number): string => `hotel_by_number_${String(at).padStart(4, '0')}`;

export const sqliteTools = (file: string, count: number, scopes: readonly string[] = []): string =>
  documents(`type: sqlite\ndatabase: ${JSON.stringify(file)}`, 'sqlite-sql', '?', count, scopes);

export const postgresTools = ({ host, port, user, password }: PostgresAddress, count: number): string =>
  documents(
    `type: postgres\nhost: ${host}\nport: ${port}\nuser: ${user}\npassword: ${JSON.stringify(password)}\n` +
      'database: postgres\nqueryParams:\n  sslmode: disable',
    'postgres-sql',
    '$1',
    count,
  );

/**
 * Each tool has a statement of its own, as real ones have: what is kept per statement is kept per tool. `bound` is how
 * the dialect writes a value that is bound.
 */
function documents(source: string, type: string, bound: string, count: number, scopes: readonly string[] = []): string {
  const tools = Array.from(
    { length: count },
    (_, at) => `---
kind: tool
name: ${toolName(at)}
type: ${type}
source: hotels
description: Finds one hotel by its number and gives its name, its city, how many stars it has, what a night costs in francs, and a note of the house.
${scopes.length === 0 ? '' : `scopesRequired: ${JSON.stringify(scopes)}\n`}parameters:
  - name: id
    type: integer
    description: The number of the hotel, as it stands in the list of all hotels.
statement: SELECT id, name, city, stars, price, note FROM hotels WHERE id = ${bound} AND stars < ${at + 6}
`,
  );
  return `kind: source\nname: hotels\n${source}\n${tools.join('')}`;
}
