import { createHmac } from 'node:crypto';
import { loadAuditRoutes } from '#audit';
import { createApi, type Api } from '#http';
import { loadIdentityRoutes, permissionCheck, refuseBy } from '#identity';
import type { Clock, Logger } from '#kernel';
import { loadVaultRoutes } from '#vault';
import type { Services } from './open-services.ts';

/** The REST API over the services: the routes of every module, in the frame. */
export async function openApi(
  { database, audit, vault, identity, users, signIn }: Services,
  options: {
    readonly version: string;
    /** A secret of this data directory, from which the key of cursors is made. */
    readonly secret: Buffer;
    readonly clock: Clock;
    readonly log: Logger;
  },
): Promise<Api> {
  const { version, secret, clock, log } = options;
  // Whoever is disabled or erased through here is so for signing in as well.
  const recovery = signIn();
  const { sessions } = recovery;
  const routes = await Promise.all([
    loadIdentityRoutes({ identity, users, sessions, recovery, clock }),
    loadVaultRoutes({ vault, trail: audit }),
    loadAuditRoutes(audit),
  ]);
  return createApi(routes.flat(), {
    database,
    trail: audit,
    refuse: refuseBy(permissionCheck(), clock),
    cursorKey: createHmac('sha256', secret).update('api cursors').digest(),
    version,
    clock,
    log,
  });
}
