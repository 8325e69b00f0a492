/** The command as a real process on a folder of its own. */
import { spawn, type ChildProcess } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { fileURLToPath } from 'node:url';

export const COMMAND = fileURLToPath(new URL('../../../bin/chatelaine', import.meta.url));

export interface Workspace {
  readonly folder: string;
  readonly dataDir: string;
  file(name: string): string;
  write(name: string, text: string): string;
  remove(): void;
}

/** A temporary folder with a database of three cities. */
export function workspace(): Workspace {
  const folder = mkdtempSync(join(tmpdir(), 'chatelaine-'));
  const database = new DatabaseSync(join(folder, 'cities.db'));
  database.exec(`CREATE TABLE cities (id INTEGER PRIMARY KEY, name TEXT NOT NULL, inhabitants INTEGER NOT NULL);
    INSERT INTO cities VALUES (1, 'Basel', 177000), (2, 'Bern', 134000), (3, 'Biel', 55000);`);
  database.close();
  return {
    folder,
    dataDir: join(folder, 'data'),
    file: (name) => join(folder, name),
    write(name, text) {
      writeFileSync(join(folder, name), text);
      return join(folder, name);
    },
    remove: () => rmSync(folder, { recursive: true, force: true }),
  };
}

export const CITIES = `
kind: source
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
parameters:
  - name: id
    type: integer
    description: The id.
statement: SELECT name, inhabitants FROM cities WHERE id = ?
`;

export const SCOPED = `
---
kind: tool
name: rename
type: sqlite-sql
source: cities
description: Renames a city.
scopesRequired: [write:cities]
parameters:
  - name: name
    type: string
    description: The new name.
  - name: id
    type: integer
    description: The id.
statement: UPDATE cities SET name = ? WHERE id = ? RETURNING name
`;

export interface Finished {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

/** Runs the command to its end. */
export async function run(
  args: readonly string[],
  options: { cwd?: string; env?: Record<string, string>; input?: string; uid?: number; gid?: number } = {},
): Promise<Finished> {
  const child = spawn(COMMAND, args, {
    cwd: options.cwd,
    ...(options.uid !== undefined && { uid: options.uid }),
    ...(options.gid !== undefined && { gid: options.gid }),
    env: { ...process.env, ...options.env },
    stdio: ['pipe', 'pipe', 'pipe'],
  });
  child.stdin.end(options.input ?? '');
  const [stdout, stderr] = [collect(child.stdout), collect(child.stderr)];
  const code = await new Promise<number | null>((resolve) => child.once('close', resolve));
  return { code, stdout: stdout(), stderr: stderr() };
}

export interface RunningServer {
  readonly url: string;
  readonly stdout: () => string;
  readonly stderr: () => string;
  /** Sends a signal, SIGTERM by default, and resolves with the exit code. */
  stop(signal?: NodeJS.Signals): Promise<number | null>;
}

/** Starts `serve`, or another command that serves, on a free port and resolves when it is ready. */
export async function start(
  args: readonly string[],
  { command = 'serve', ...options }: { cwd?: string; env?: Record<string, string>; command?: 'serve' | 'proxy' } = {},
): Promise<RunningServer> {
  const child = spawn(COMMAND, [command, '--port', '0', ...args], {
    ...options,
    env: { ...process.env, ...options.env },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  const [stdout, stderr] = [collect(child.stdout), collect(child.stderr)];
  const exited = new Promise<number | null>((resolve) => child.once('close', resolve));
  const url = await Promise.race([
    said(child, stdout, /MCP\s+(https?:\/\/\S+)\/mcp/),
    exited.then((code) => Promise.reject(new Error(`serve ended with ${code}: ${stderr()}`))),
  ]);
  // With TLS whoever starts it knows whose certificates to trust.
  if (url.startsWith('http:')) {
    const ready = await fetch(`${url}/readyz`);
    if (ready.status !== 200) throw new Error(`not ready: ${ready.status}`);
  }
  return {
    url,
    stdout,
    stderr,
    stop(signal = 'SIGTERM') {
      child.kill(signal);
      return exited;
    },
  };
}

/** Makes a key by the command line, as an operator does, also while a server runs. */
export async function makeKey(dataDir: string, ...options: string[]): Promise<{ id: string; key: string }> {
  const { stdout, stderr } = await run([
    'key',
    'create',
    '--agent',
    'tester',
    '--role',
    'user',
    '--data-dir',
    dataDir,
    '--json',
    ...options,
  ]);
  if (stdout === '') throw new Error(stderr);
  return JSON.parse(stdout) as { id: string; key: string };
}

function collect(stream: NodeJS.ReadableStream): () => string {
  let text = '';
  stream.on('data', (chunk: Buffer) => (text += chunk.toString()));
  return () => text;
}

function said(child: ChildProcess, text: () => string, pattern: RegExp): Promise<string> {
  return new Promise((resolve) => {
    const look = (): void => {
      const match = pattern.exec(text());
      if (match !== null) resolve(match[1] as string);
    };
    child.stdout?.on('data', look);
    look();
  });
}
