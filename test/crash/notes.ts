/** A configuration with a tool that reads and one that writes, and calls of them. */
import { DatabaseSync } from 'node:sqlite';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { command, type Place } from './server.ts';

/** Writes a database and a configuration over it, with `more` documents, into the folder; gives the configuration's path. */
export function notesConfiguration(folder: string, serverFields = '', more: readonly string[] = []): string {
  const file = join(folder, 'notes.db');
  const database = new DatabaseSync(file);
  database.exec('CREATE TABLE notes (id INTEGER PRIMARY KEY, text TEXT NOT NULL)');
  database.close();
  const config = join(folder, 'tools.yaml');
  writeFileSync(
    config,
    `${more.map((document) => `${document}---\n`).join('')}kind: server
metrics: false
${serverFields}
---
kind: source
name: notes
type: sqlite
database: ${JSON.stringify(file)}
---
kind: tool
name: write_note
type: sqlite-sql
source: notes
description: Writes a note.
parameters:
  - { name: text, type: string, description: What it says. }
statement: INSERT INTO notes (text) VALUES (?) RETURNING id
---
kind: tool
name: count_notes
type: sqlite-sql
source: notes
description: Counts the notes.
readOnly: true
statement: SELECT count(*) AS notes FROM notes
`,
  );
  return config;
}

/** A key that may call tools, or administer. */
export async function makeKey({ config, dataDir }: Place, role: 'user' | 'admin' = 'user'): Promise<string> {
  const access = role === 'admin' ? ['--access', 'read', '--access', 'admin'] : [];
  const whose = ['--agent', `the-${role}`, '--role', role, ...access];
  const printed = await command('key', 'create', ...whose, '--config', config, '--data-dir', dataDir, '--json');
  return (JSON.parse(printed) as { key: string }).key;
}

/** Calls the tool that writes; gives the status of the answer. */
export async function writeNote(url: string, key: string, text: string, traceId?: string): Promise<number> {
  return await invoke(url, key, 'write_note', { text }, traceId);
}

/** Calls a tool; gives the status of the answer. */
export async function invoke(url: string, key: string, tool: string, args: object, traceId?: string): Promise<number> {
  const response = await fetch(`${url}/api/tool/${tool}/invoke`, {
    method: 'POST',
    headers: {
      Authorization: `Bearer ${key}`,
      'Content-Type': 'application/json',
      ...(traceId !== undefined && { traceparent: `00-${traceId}-00f067aa0ba902b7-01` }),
    },
    body: JSON.stringify(args),
  });
  await response.arrayBuffer();
  return response.status;
}
