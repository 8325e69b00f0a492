/** The place a trial works in: a folder with a configuration of its own, a server on it, keys, and questions to ask. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { DatabaseSync } from 'node:sqlite';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { PostgresAddress } from '../postgres-server.ts';
import { command, startServer, type Place, type Server } from '../crash/server.ts';
import { ask, type Question } from './load.ts';
import type { Answer } from './judge.ts';
import type { Agent } from 'node:http';

/** A tool that asks a local database: what fails is not its source. */
const CITY = `kind: source
name: cities
type: sqlite
database: cities.db
---
kind: tool
name: city
type: sqlite-sql
source: cities
description: One city by its id.
readOnly: true
parameters: [{ name: id, type: integer, description: The id. }]
statement: SELECT name FROM cities WHERE id = ?
---
`;

export interface Folder {
  readonly path: string;
  /** Writes a configuration with the tool `city`, `more` documents and those fields of `kind: server`; gives its path. */
  configure(server: Readonly<Record<string, unknown>>, more?: string): string;
  /** A file of its own for what no configuration holds, as a reference to it. */
  secret(name: string, content: string): string;
  remove(): void;
}

export function openFolder(name: string): Folder {
  const path = mkdtempSync(join(tmpdir(), `chatelaine-fault-${name}-`));
  const database = new DatabaseSync(join(path, 'cities.db'));
  database.exec(`CREATE TABLE cities (id INTEGER PRIMARY KEY, name TEXT); INSERT INTO cities VALUES (1, 'Basel')`);
  database.close();
  return {
    path,
    configure(server, more = '') {
      const config = join(path, 'tools.yaml');
      writeFileSync(config, `${more}${CITY}${JSON.stringify({ kind: 'server', metrics: false, ...server })}\n`);
      return config;
    },
    secret(file, content) {
      writeFileSync(join(path, file), content, { mode: 0o600 });
      return `file://${join(path, file)}`;
    },
    remove: () => rmSync(path, { recursive: true, force: true }),
  };
}

/** `database:` of a server that reaches the PostgreSQL at that port. */
export const postgresAt = (
  { host, port, user }: Pick<PostgresAddress, 'host' | 'port' | 'user'>,
  password: string,
): Readonly<Record<string, unknown>> => ({
  ...{ type: 'postgres', host, port, user, password, database: 'postgres', poolSize: 4 },
});

/** A key of an agent that may call tools, or administer everywhere. */
export async function keyOf(
  { config, dataDir }: Place,
  role: 'user' | 'admin' = 'user',
  agent = `the-${role}`,
): Promise<string> {
  const at = ['--config', config, '--data-dir', dataDir, '--json'];
  const access = role === 'admin' ? ['--access', 'read', '--access', 'admin', '--access', 'execute'] : [];
  const made = await command('key', 'create', '--agent', agent, '--role', role, ...access, ...at);
  if (role === 'admin') await command('role', 'give', 'admin', '--agent', agent, '--namespace', '*', ...at);
  return (JSON.parse(made) as { key: string }).key;
}

/** Starts a server, does the work, and ends it whatever came of that. */
export async function serving<Value>(place: Place, work: (server: Server) => Promise<Value>): Promise<Value> {
  const server = await startServer(place);
  try {
    return await work(server);
  } finally {
    await server.stop();
  }
}

/** Calls a tool by REST. */
export const callTool = (
  url: string,
  key: string,
  tool = 'city',
  args: object = { id: 1 },
  agent?: Agent,
): Promise<Answer> => ask(new URL(`/api/tool/${tool}/invoke`, url), asJson(key, args), agent);

/** A question of whoever has this credential, with that as its body. */
export const asJson = (credential: string, body?: object): Question => ({
  headers: { authorization: `Bearer ${credential}`, ...(body !== undefined && { 'content-type': 'application/json' }) },
  ...(body !== undefined && { body: JSON.stringify(body) }),
});
