/** What is there after a crash, asked at the doors where a door gives it, and in process where none does. */
import { DatabaseSync } from 'node:sqlite';
import { join } from 'node:path';
import { readLedger } from '#backup';
import { forgetfulLedger, type Revocation } from '#contract';
import { openDatabase, type DatabasePlace } from '#db';
import { reveal, silentLogger, systemClock } from '#kernel';
import { openVault, sameNamespace } from '#vault';
import type { KnownKey } from './journal.ts';
import { tryKeys } from './try-keys.ts';

export type { Revocation } from '#contract';

export interface FoundKey {
  /** As administration sees it. */
  readonly state: string;
  /** What a door says to it. */
  readonly status: number;
}

export type FoundSecret = { readonly generation: number } & ({ readonly value: string } | { readonly code: string });

/** The keys that administration knows, by id, each tried at a door. */
export async function findKeys(
  url: string,
  admin: string,
  known: readonly KnownKey[],
): Promise<ReadonlyMap<string, FoundKey>> {
  const states = new Map<string, string>();
  let cursor: string | undefined;
  do {
    const page = new URLSearchParams({ limit: '1000', ...(cursor !== undefined && { cursor }) });
    const response = await fetch(`${url}/api/v1/keys?${page}`, { headers: { Authorization: `Bearer ${admin}` } });
    if (!response.ok) throw new Error(`the keys could not be listed: ${response.status} ${await response.text()}`);
    const { items, next } = (await response.json()) as { items: { id: string; state: string }[]; next?: string };
    for (const { id, state } of items) states.set(id, state);
    cursor = next;
  } while (cursor !== undefined);
  const found = new Map<string, FoundKey>();
  for (const [id, status] of await tryKeys(new URL('/api/toolset', url), known)) {
    const state = states.get(id);
    if (state !== undefined) found.set(id, { state, status });
  }
  return found;
}

export function findNotes(file: string): ReadonlySet<string> {
  const database = new DatabaseSync(file, { readOnly: true });
  const rows = database.prepare('SELECT text FROM notes').all();
  database.close();
  return new Set(rows.map((row) => String(row['text'])));
}

/** Opens every secret as a source would: no door gives a value. */
export async function findSecrets(
  place: DatabasePlace,
  dataDir: string,
  names: Iterable<string>,
): Promise<ReadonlyMap<string, FoundSecret>> {
  const database = await openDatabase({ ...place, clock: systemClock });
  const vault = await openVault({
    ledger: forgetfulLedger,
    database,
    clock: systemClock,
    log: silentLogger,
    wrapper: { type: 'file', file: join(dataDir, 'vault.key') },
    mayUse: sameNamespace,
  });
  const found = new Map<string, FoundSecret>();
  try {
    for (const name of names) {
      const secret = { namespace: 'default', name };
      const facts = await orCode(vault.secrets.find(secret));
      if ('code' in facts && facts.code === 'SECRET_UNKNOWN') continue;
      const generation = 'generation' in facts ? facts.generation : 0;
      const material = await orCode(vault.reader.read(secret, { namespace: 'default', by: 'source judge' }));
      if ('code' in material) found.set(name, { generation, code: material.code });
      else found.set(name, { generation, value: material.kind === 'bearer' ? reveal(material.token) : '' });
    }
  } finally {
    vault.close();
    await database.close();
  }
  return found;
}

async function orCode<Value>(asked: Promise<Value>): Promise<Value | { readonly code: string }> {
  try {
    return await asked;
  } catch (error) {
    return { code: (error as { readonly code?: string }).code ?? String(error) };
  }
}

/** The ledger of a data directory, held to its hashes; throws when it is not what was written. */
export const findRevocations = (dataDir: string): readonly Revocation[] =>
  readLedger(join(dataDir, 'ledger'))?.entries ?? [];
