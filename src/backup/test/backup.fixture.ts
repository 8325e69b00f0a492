import { copyFileSync, cpSync } from 'node:fs';
import { join } from 'node:path';
import { onTestFinished } from 'vitest';
import { reveal, Secret, silentLogger, type Clock } from '#kernel';
import type { AuditEvent } from '#contract';
import { openAuditLog, type AuditLog, type OpenAuditOptions } from '#audit';
import {
  createBackup,
  FileLedger,
  makeKeyPair,
  parsePrivateKey,
  parseRecipient,
  restoreBackup,
  type CreatedBackup,
} from '#backup';
import { keyringFile, openDatabase, type Database, type DatabasePlace } from '#db';
import { openIdentity, type Identity } from '#identity';
import { openVault, parseSecretMaterial, sameNamespace, subjectScope, type Place, type Vault } from '#vault';
import { emptyPlace, type TestDialect, type TestPlace } from '../../../test/databases.ts';
import { temporaryDirectory } from '../../../test/temporary-directory.ts';
import { codeOf, refusal } from '../../../test/refusal.ts';

export { codeOf, refusal, temporaryDirectory };

/** Time that goes on by itself, a second a look, so that nothing has the moment of something else. */
export function steadyClock(): Clock {
  let now = Date.UTC(2026, 10, 21);
  return { now: () => (now += 1000) };
}

/** A pair for the run: who makes backups has the one half, who opens them the other. */
const pair = makeKeyPair();
export const recipient = parseRecipient(pair.recipient);
export const opener = parsePrivateKey(pair.privateKey);

/** An installation with all that a backup is about. */
export interface Installation {
  readonly at: TestPlace;
  readonly clock: Clock;
  readonly database: Database;
  readonly ledger: FileLedger;
  readonly ledgerFolder: string;
  readonly identity: Identity;
  readonly vault: Vault;
  readonly audit: AuditLog;
  backup(folder?: string): Promise<CreatedBackup>;
  close(): Promise<void>;
}

/** A tool call like many. */
export const event = (): AuditEvent => ({
  class: 'tool-call',
  type: 'tool.call',
  door: 'mcp',
  actor: { kind: 'agent', iss: 'chatelaine', sub: 'agent-1', name: 'booking-bot' },
  action: 'call',
  outcome: 'success',
});

/** Where the log lies: with the state, as a server has it. */
export const storageOf = (place: DatabasePlace, database: Database): Pick<OpenAuditOptions, 'storage'> =>
  'postgres' in place ? { storage: { settings: place.postgres, database } } : {};

const record = async (): Promise<void> => {};

/** Starts one on the place, or on an empty one; with the clock of another it is later there. */
export async function startInstallation(
  dialect: TestDialect,
  existing?: TestPlace,
  clock: Clock = steadyClock(),
): Promise<Installation> {
  const at = existing ?? (await emptyPlace(dialect));
  const { directory } = at;
  const database = await openDatabase({ ...at.place, clock });
  const ledgerFolder = join(directory, 'ledger');
  const ledger = new FileLedger(ledgerFolder, clock);
  const parts = { database, clock, log: silentLogger, ledger };
  const wrapper = { type: 'file', file: join(directory, 'wrapping.key') } as const;
  const vault = await openVault({ ...parts, wrapper, mayUse: sameNamespace });
  const root = join(directory, 'audit');
  const audit = await openAuditLog({ root, clock, logger: silentLogger, ...storageOf(at.place, database) });
  const identity = openIdentity({ ...parts, trail: audit });
  let open = true;
  const close = async (): Promise<void> => {
    if (!open) return;
    open = false;
    await audit.close();
    vault.close();
    await identity.close();
    await database.close();
  };
  onTestFinished(close);
  return {
    at,
    clock,
    database,
    ledger,
    ledgerFolder,
    identity,
    vault,
    audit,
    close,
    backup: (folder = join(temporaryDirectory(), 'backups')) =>
      createBackup({
        place: at.place,
        dataDirectory: directory,
        ledger,
        folder,
        recipient,
        clock,
        version: '1.2.3',
      }),
  };
}

const where: Place = { table: 'grants', column: 'token', row: 'r1', owner: 'default/x' };

export const sealFor = ({ vault }: Installation, subject: string, text: string): Promise<string> =>
  vault.envelope.writing(
    subjectScope(subject),
    async (_trx, sealing) => (await sealing.seal(where, new Secret(text))).text,
  );

export const openSealed = async ({ vault }: Installation, text: string): Promise<string> => {
  try {
    return reveal(await vault.envelope.open(where, text));
  } catch (error) {
    return codeOf(error);
  }
};

export const putSecret = async ({ vault }: Installation, name: string, value: string): Promise<void> => {
  const material = parseSecretMaterial({ kind: 'password', password: value });
  await vault.secrets.put({ namespace: 'default', name, material }, record);
};

export const readSecret = async ({ vault }: Installation, name: string): Promise<string> => {
  try {
    const material = await vault.reader.read({ namespace: 'default', name }, { namespace: 'default', by: 'tool test' });
    return material.kind === 'password' ? reveal(material.password) : material.kind;
  } catch (error) {
    return codeOf(error);
  }
};

/** The verdict about a key in one word: the agent's name, or the reason of the refusal. */
export const verdict = async ({ identity }: Installation, key: string): Promise<string> => {
  const answer = await identity.keys.verify(key);
  return answer.ok ? answer.value.name : answer.error.reason;
};

/** An empty place, with what is kept apart from backups put back first, as it is now. */
export async function nextPlace(from: Installation, dialect: TestDialect): Promise<TestPlace> {
  const at = await emptyPlace(dialect);
  cpSync(from.ledgerFolder, join(at.directory, 'ledger'), { recursive: true });
  copyFileSync(join(from.at.directory, 'wrapping.key'), join(at.directory, 'wrapping.key'));
  if (dialect === 'sqlite') {
    await from.database.purgeDeleted();
    copyFileSync(keyringFile(from.at.directory), keyringFile(at.directory));
  } else {
    const target = await openDatabase({ ...at.place, clock: from.clock });
    const rows = await from.database.db.selectFrom('vault_keyring').selectAll().execute();
    for (const row of rows) await target.db.insertInto('vault_keyring').values(row).execute();
    await target.close();
  }
  return at;
}

/** Restores into that place. */
export const restoreTo = (at: TestPlace, file: string, more: object = {}) =>
  restoreBackup({
    file,
    opener,
    place: at.place,
    dataDirectory: at.directory,
    ledgerFolder: join(at.directory, 'ledger'),
    clock: steadyClock(),
    ...more,
  });
