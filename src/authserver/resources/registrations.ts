import type { Clock } from '#kernel';
import type { Artifacts } from '../artifacts/artifacts.ts';
import type { OwnerIdentity, ResourceOwner } from './owner-map.ts';

/** What is kept of an owner under this model: who it is, and since when. One row an owner, replaced with it. */
const MODEL = 'OwnerRegistration';
/** It has no end of its own. */
const KEPT_SECONDS = 50 * 365 * 86_400;

/**
 * Since when an owner is who it is. A name can be given up and taken by somebody else, and a session says but the name
 * of its owner: one that began under another identity is not for whoever has the name now (INT-013).
 */
export class OwnerRegistrations {
  readonly #artifacts: Artifacts;
  readonly #clock: Clock;

  constructor(parts: { readonly artifacts: Artifacts; readonly clock: Clock }) {
    this.#artifacts = parts.artifacts;
    this.#clock = parts.clock;
  }

  /** Before a session with that owner begins. What is new holds from now on. */
  async note({ owner, identity }: Pick<ResourceOwner, 'owner' | 'identity'>): Promise<void> {
    if (identity === undefined || (await this.#since(owner, identity)) !== undefined) return;
    const registration = { ...textsOf(identity), since: this.#clock.now() };
    await this.#artifacts.put(MODEL, owner, registration, KEPT_SECONDS);
  }

  /** Whether a session that began then (milliseconds since 1970) is with whom this identity names. */
  async covers(owner: string, identity: OwnerIdentity, beganAt: number): Promise<boolean> {
    const since = await this.#since(owner, identity);
    return since !== undefined && since <= beganAt;
  }

  async #since(owner: string, identity: OwnerIdentity): Promise<number | undefined> {
    const kept = await this.#artifacts.find(MODEL, owner);
    const { spiffeId, ofUid } = textsOf(identity);
    const isSame = kept?.['spiffeId'] === spiffeId && kept['ofUid'] === ofUid;
    const since = isSame ? kept['since'] : undefined;
    return typeof since === 'number' ? since : undefined;
  }
}

/** Not called `uid`, by which the provider's own artifacts are found. */
const textsOf = ({ spiffeId, uid = '' }: OwnerIdentity) => ({ spiffeId, ofUid: uid });
