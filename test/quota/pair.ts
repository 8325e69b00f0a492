/** Two servers on one state, as two hosts are: directories of their own, with the same keys in them. */
import { chmodSync, copyFileSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { Agent, request } from 'node:http';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { setTimeout as pause } from 'node:timers/promises';
import { pathToFileURL } from 'node:url';
import { prepareDataDirectory } from '#db';
import { command, startServer, type Server } from '../crash/server.ts';
import type { PostgresAddress } from '../postgres-server.ts';

const KEYS = ['vault.key', 'audit/signing.key', 'audit/digest.key'] as const;
export const QUOTA = 100;

export interface Outcome {
  readonly passed: number;
  readonly refused: number;
  readonly others: readonly string[];
}

export class Pair {
  readonly #folder = mkdtempSync(join(tmpdir(), 'chatelaine-quota-'));
  readonly #config: string;
  readonly #servers: Server[] = [];
  readonly #agents = [0, 1].map(() => new Agent({ keepAlive: true, maxSockets: 500 }));
  #callers = 0;

  private constructor(state: PostgresAddress, counters: string) {
    const { port, user, password } = state;
    const database = new DatabaseSync(join(this.#folder, 'cities.db'));
    database.exec(
      `CREATE TABLE cities (id INTEGER PRIMARY KEY, name TEXT NOT NULL); INSERT INTO cities VALUES (1, 'Basel')`,
    );
    database.close();
    const secret = join(this.#folder, 'password');
    writeFileSync(secret, password);
    chmodSync(secret, 0o600);
    this.#config = join(this.#folder, 'tools.yaml');
    writeFileSync(
      this.#config,
      `kind: source
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
kind: limit
name: quota
per: principal
limits: ${QUOTA} calls per 3650d
---
kind: server
metrics: false
limits: { maxConcurrentCalls: 4000 }
counters: ${counters}
database:
  { type: postgres, host: 127.0.0.1, port: ${port}, user: ${user}, password: '${pathToFileURL(secret).href}', database: postgres, poolSize: 5 }
`,
    );
  }

  static async start(state: PostgresAddress, counters: string): Promise<Pair> {
    const pair = new Pair(state, counters);
    await pair.begin(0);
    prepareDataDirectory(pair.#directory(1));
    for (const key of KEYS) {
      const to = join(pair.#directory(1), key);
      mkdirSync(dirname(to), { recursive: true, mode: 0o700 });
      copyFileSync(join(pair.#directory(0), key), to);
    }
    await pair.begin(1);
    return pair;
  }

  #directory(at: number): string {
    return join(this.#folder, `host-${at}`);
  }

  async begin(at: number): Promise<void> {
    this.#servers[at] = await startServer({ config: this.#config, dataDir: this.#directory(at) });
  }

  async end(at: number): Promise<void> {
    await this.#servers[at]?.stop();
  }

  async kill(at: number): Promise<void> {
    await this.#servers[at]?.kill();
  }

  /** Somebody whom nobody has counted yet. */
  async caller(): Promise<string> {
    const agent = `caller-${++this.#callers}-${process.pid}`;
    const at = ['--data-dir', this.#directory(0), '--config', this.#config];
    const made = await command('key', 'create', '--agent', agent, '--role', 'user', '--json', ...at);
    return (JSON.parse(made) as { key: string }).key;
  }

  /** Asks each server who that is, which no limit counts: a thousand questions at once to a server that just began are another test. */
  async greet(key: string): Promise<void> {
    for (const server of this.#servers)
      await fetch(new URL('/api/tool/city', server.url), { headers: { authorization: `Bearer ${key}` } });
  }

  /** So many calls at once, one after the other to each server. */
  async call(key: string, times: number, to: readonly number[] = [0, 1]): Promise<Outcome> {
    const all = Array.from({ length: times }, (_, at) => this.#call(key, to[at % to.length] as number));
    const answers = await Promise.all(all);
    return {
      passed: answers.filter((answer) => answer === '200').length,
      refused: answers.filter((answer) => answer === '429').length,
      others: [...new Set(answers.filter((answer) => answer !== '200' && answer !== '429'))],
    };
  }

  /** What the server could not judge says nothing of limits: it is asked again. */
  async #call(key: string, to: number): Promise<string> {
    for (let attempt = 1; ; attempt++) {
      const answer = await this.#ask(key, to);
      if (!answer.startsWith('503') || attempt === 20) return answer;
      await pause(100 * attempt);
    }
  }

  #ask(key: string, to: number): Promise<string> {
    const url = new URL('/api/tool/city/invoke', this.#servers[to]?.url);
    return new Promise((resolve) => {
      const headers = { authorization: `Bearer ${key}`, 'content-type': 'application/json' };
      const sent = request(url, { method: 'POST', headers, agent: this.#agents[to] }, (answer) => {
        let text = '';
        answer.on('data', (chunk: Buffer) => (text += chunk.toString()));
        answer.once('error', () => resolve('cut'));
        answer.once('end', () => {
          const { statusCode: status } = answer;
          resolve(status === 200 || status === 429 ? String(status) : `${status} ${codeOf(text)}`);
        });
      });
      sent.once('error', ({ message }) => resolve(message));
      sent.end('{"id": 1}');
    });
  }

  async close(): Promise<void> {
    for (const agent of this.#agents) agent.destroy();
    await Promise.all([this.end(0), this.end(1)]);
    rmSync(this.#folder, { recursive: true, force: true });
  }
}

const codeOf = (text: string): string => /"code":"([A-Z_]+)"/.exec(text)?.[1] ?? '';
