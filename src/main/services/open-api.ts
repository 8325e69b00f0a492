import { createHmac } from 'node:crypto';
import { loadAuditRoutes, readStandings, type Deliveries } from '#audit';
import type { ServerSettings } from '#contract';
import { createApi, readCursorKey, type Api } from '#http';
import { loadIdentityRoutes, PERMISSIONS, refuseBy, type Action } from '#identity';
import type { Clock, Logger } from '#kernel';
import { loadVaultRoutes } from '#vault';
import { accessSource } from './access-source.ts';
import type { Services } from './open-services.ts';

/** As the table of permissions has it. */
export const takesRecentProof = (action: Action): boolean => PERMISSIONS[action].dangerous === true;

/** The REST API over the services: the routes of every module, in the frame. */
export async function openApi(
  { database, audit, vault, identity, users, signIn, signing }: Services,
  options: {
    readonly version: string;
    readonly dataDir: string;
    readonly settings: Pick<ServerSettings, 'audit'>;
    /** What carries the log to its receivers, where this process does. */
    readonly deliveries?: Pick<Deliveries, 'status'> | undefined;
    /** A secret of this data directory; where the installation has no key of cursors, that is made from it. */
    readonly secret: Buffer;
    readonly clock: Clock;
    readonly log: Logger;
  },
): Promise<Api> {
  const { version, dataDir, settings, deliveries, secret, clock, log } = options;
  // Whoever is disabled or erased through here is so for signing in as well.
  const recovery = signIn();
  const { sessions } = recovery;
  const access = accessSource({ identity, secrets: vault.secrets, audit, clock });
  const { loadSigningKeyRoutes } = await import('#authserver');
  const routes = await Promise.all([
    loadIdentityRoutes({ identity, users, sessions, recovery, audit, clock }),
    loadVaultRoutes({ vault, trail: audit }),
    loadSigningKeyRoutes({ ...(await signing()), now: () => clock.now() }),
    loadAuditRoutes(audit, {
      ...{ access, scratch: dataDir, clock },
      deliveries: () => deliveries?.status() ?? readStandings(audit.store, settings.audit),
    }),
  ]);
  return createApi(routes.flat(), {
    database,
    trail: audit,
    refuse: refuseBy(identity.check, clock),
    cursorKey: () =>
      readCursorKey(database, vault.envelope, () => createHmac('sha256', secret).update('api cursors').digest()),
    takesRecentProof,
    version,
    clock,
    log,
  });
}
