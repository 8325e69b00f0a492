import { ADMINISTRATION_SCOPES, type Access } from '#contract';
import type { ResourceOwner } from '../resources/owner-map.ts';

/** A tool's client lists and calls; it never administers. */
const USE: ReadonlySet<Access> = new Set(['read', 'execute']);

/** What a token for that resource may be used for: at the administrative API what its scopes say, and no more. */
export function accessOf(resource: ResourceOwner | undefined, scopes: ReadonlySet<string>): ReadonlySet<Access> {
  if (resource?.administers !== true) return USE;
  return new Set(ADMINISTRATION_SCOPES.filter((scope) => scopes.has(scope)));
}
