import { join } from 'node:path';
import { openAuditLog, type AuditLog } from '#audit';
import type { ServerSettings } from '#contract';
import { openDatabase, type Database, type DatabasePlace } from '#db';
import { openIdentity, type Identity } from '#identity';
import type { Clock, Logger } from '#kernel';
import { openVault, sameNamespace, type Vault } from '#vault';
import type { Endings } from '../endings.ts';
import { wrapperSettings } from './key-wrapper.ts';

/** What keeps state: everything that a door, a route or a command asks something of. */
export interface Services {
  readonly database: Database;
  readonly audit: AuditLog;
  readonly vault: Vault;
  readonly identity: Identity;
}

export interface ServicesOptions {
  /** Exists already, and belongs to us or is shared by several processes. */
  readonly dataDir: string;
  readonly place: DatabasePlace;
  readonly vault: ServerSettings['vault'];
  readonly clock: Clock;
  readonly log: Logger;
  /** Takes what closes them, in the order of opening. */
  readonly endings: Endings;
}

/**
 * state → audit → vault → identity. One order for the server and for commands that work on a data
 * directory, so that what a command changes is recorded and sealed as a server would do it.
 *
 * Throws as `openDatabase`, `openAuditLog` and `openVault` do; what was opened until then is in `endings`.
 */
export async function openServices(options: ServicesOptions): Promise<Services> {
  const { dataDir, place, clock, log, endings } = options;
  const database = await openDatabase({ ...place, clock });
  endings.add('database', () => database.close());
  for (const warning of database.warnings) log.warn({ event: 'database.warning' }, warning);
  const audit = await openAuditLog({ root: join(dataDir, 'audit'), clock, logger: log });
  endings.add('audit log', () => audit.close());
  const vault = await openVault({
    database,
    clock,
    log,
    wrapper: wrapperSettings(options.vault.keyWrapper, dataDir),
    previousWrappers: options.vault.previousKeyWrappers.map((settings) => wrapperSettings(settings, dataDir)),
    mayUse: sameNamespace,
  });
  endings.add('vault', () => vault.close());
  const identity = openIdentity({ database, clock, log });
  endings.add('identity', () => identity.close());
  return { database, audit, vault, identity };
}
