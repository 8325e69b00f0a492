/** vault/routes: secrets and the keys that seal them, as routes of `/api/v1`. */
import type { AuditTrail } from '#contract';
import type { Route } from '#http';
import type { Vault } from '../vault.ts';
import { dataKeyRoutes } from './data-keys.ts';
import { secretRoutes } from './secrets.ts';

/** The routes over a vault; `trail` takes the record of every change. */
export const vaultRoutes = ({
  vault,
  trail,
  erasing = async () => {},
}: {
  readonly vault: Vault;
  readonly trail: AuditTrail;
  readonly erasing?: (subject: string) => Promise<void>;
}): readonly Route[] => [...secretRoutes(vault.secrets, trail), ...dataKeyRoutes(vault, trail, erasing)];
