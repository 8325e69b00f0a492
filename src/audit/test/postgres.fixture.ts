import { onTestFinished } from 'vitest';
import { silentLogger } from '#kernel';
import type { PostgresSettings } from '#contract';
import { openDatabase, type Database } from '#db';
import { documentOf, emptyPlace, testPlace, type TestPlace } from '../../../test/databases.ts';
import type { PostgresDatabase } from '../../../test/postgres.ts';
import { AuditLog, type AuditLogOptions } from '../audit-log.ts';
import { PostgresStore } from '../store/postgres/postgres-store.ts';
import { logStream } from '../verify/log-stream.ts';
import { verifyLog, type VerifyReport } from '../verify/verify.ts';
import type { TrustedKeys } from '../checkpoint/signing-key.ts';
import { digest, signingKey, tickingClock, trusted } from './audit.fixture.ts';

export interface ServerPlace extends TestPlace {
  readonly server: PostgresDatabase;
}

/** An empty database on the server; gone with the test. */
export const emptyServer = async (): Promise<ServerPlace> => (await emptyPlace('postgres')) as ServerPlace;

export interface OpenedStore {
  readonly database: Database;
  readonly settings: PostgresSettings;
  readonly store: PostgresStore;
}

/** Another opening of it, with other settings where they are given; the database is closed with the test. */
export async function openStore(
  { server, directory }: ServerPlace,
  settings: object = {},
  keys: TrustedKeys = trusted,
): Promise<OpenedStore> {
  const { place } = testPlace({ ...documentOf(server), poolSize: 2, ...settings }, directory, server);
  if (!('postgres' in place)) throw new Error('this place is no server');
  const clock = tickingClock();
  const database = await openDatabase({ ...place, clock });
  onTestFinished(() => database.close());
  return {
    database,
    settings: place.postgres,
    store: await PostgresStore.open({ database, settings: place.postgres, clock, keys }),
  };
}

/** A log in it, closed with the test; no checkpoint unless asked for. */
export async function openServerLog(
  at: ServerPlace,
  { settings, ...options }: Partial<AuditLogOptions> & { readonly settings?: object } = {},
): Promise<{ readonly log: AuditLog; readonly store: PostgresStore }> {
  const keys = options.signingKey && new Map([[options.signingKey.id, options.signingKey.publicKey]]);
  const { store } = await openStore(at, settings, keys);
  const log = await AuditLog.open({
    store,
    signingKey,
    digest,
    clock: tickingClock(),
    logger: silentLogger,
    checkpoints: { records: Infinity, ms: 3_600_000 },
    retryMs: 20,
    ...options,
  });
  onTestFinished(() => log.close());
  return { log, store };
}

/** What `verify` says of the log there. */
export async function verifyServer(at: ServerPlace): Promise<VerifyReport> {
  const { store, database } = await openStore(at);
  try {
    return await verifyLog(logStream(store), { installation: store.installation, keys: trusted });
  } finally {
    await database.close();
  }
}
