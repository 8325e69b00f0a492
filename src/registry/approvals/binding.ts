import { createHmac } from 'node:crypto';
import { canonicalJson } from '#audit';
import type { Principal } from '#contract';
import type { JsonValue } from '#kernel';
import type { Asker } from './approval.ts';

/** All that a yes is for. */
export interface Bound {
  readonly asker: Asker;
  readonly namespace: string;
  readonly tool: string;
  /** The digest of the definition of the tool. */
  readonly pin: string;
  /** As they run: checked, with defaults filled in. */
  readonly arguments: Readonly<Record<string, JsonValue>>;
  /** Whose yes the policies want now: a grant that others gave is none where they have come to want more. */
  readonly needs: readonly string[];
}

/**
 * What tells this call from every other: SHA-256, keyed for the installation, over the canonical JSON (RFC 8785).
 * Keyed because arguments are often few (a number, a name) and the digest outlives them: without the key nobody who
 * reads the table finds them by trying. Half a surrogate pair has no canonical form, and yet must not be another's.
 */
export const bindingOf = (bound: Bound, key: Buffer): string =>
  createHmac('sha256', key)
    .update(canonicalJson({ v: 1, ...bound }, { loneSurrogates: 'escape' }))
    .digest('hex');

/** As much of a caller as a grant is bound to. */
export const askerOf = ({ kind, iss, sub, clientId, act = [] }: Principal): Asker => ({
  ...{ kind, iss, sub, client: clientId ?? null },
  act: act.map((actor) => ({ iss: actor.iss, sub: actor.sub })),
});
