/**
 * The states of a signing key and what they mean at a moment; pure.
 *
 *   prepared → active → retired → gone
 *
 * A prepared key is published and signs nothing, until everybody who holds a copy of the key set has it. One
 * of the active keys signs; another is active when it signed before and could again, should the new one give
 * trouble. A retired key has no private part left; it is published until what it signed has expired. Of a key
 * that is gone there is the name.
 */
import type { SigningAlgorithm } from './algorithm.ts';
import type { PublicJwk } from './key-material.ts';

export type KeyStateName = 'prepared' | 'active' | 'retired' | 'gone';

/** A key as its row says; moments are milliseconds since the epoch. */
export interface SigningKey {
  readonly kid: string;
  readonly algorithm: SigningAlgorithm;
  readonly state: KeyStateName;
  readonly signs: boolean;
  readonly jwk: PublicJwk;
  readonly preparedAt: number;
  readonly activatedAt: number | null;
  /** When another began to sign in its place. */
  readonly stoppedAt: number | null;
  readonly retiredAt: number | null;
  readonly goneAt: number | null;
}

export interface KeyTimes {
  /** How long others hold a copy of the key set: so long a key is published before it signs. */
  readonly cacheMs: number;
  /** How long the longest-lived token that a key signs is valid. */
  readonly longestTokenMs: number;
}

export const KEY_TIMES: KeyTimes = { cacheMs: 5 * 60_000, longestTokenMs: 15 * 60_000 };

/** Clocks of those who verify may be this much behind (security bar D5), and another process signs a second longer. */
const LENIENCY_MS = 60_000;

/** From when on the key may sign without being unknown to anybody. */
export const readyAt = (key: Pick<SigningKey, 'preparedAt'>, { cacheMs }: KeyTimes): number => key.preparedAt + cacheMs;

/** When the last token that it signed has expired; undefined of a key that signs or has yet to. */
export function spentAt(key: SigningKey, { longestTokenMs }: KeyTimes): number | undefined {
  // Retired without ever having signed: nothing waits for it.
  if (key.activatedAt === null) return key.retiredAt ?? undefined;
  const stopped = key.stoppedAt ?? key.retiredAt;
  return stopped === null ? undefined : stopped + longestTokenMs + LENIENCY_MS;
}

/** Whether the public part is published at that moment. */
export function isPublished(key: SigningKey, now: number, times: KeyTimes): boolean {
  if (key.state === 'gone') return false;
  if (key.state !== 'retired') return true;
  const spent = spentAt(key, times);
  return spent === undefined || now < spent;
}

/** What to do next, and from when on. */
export interface DueStep {
  readonly step: 'prepare' | 'activate' | 'retire';
  readonly kid?: string;
  readonly at: number;
  readonly why: string;
}

/** The next step of the rotation. A round never ends: after `retire` comes the next `prepare`. */
export function nextStep(keys: readonly SigningKey[], now: number, times: KeyTimes): DueStep {
  const prepared = keys.find(({ state }) => state === 'prepared');
  if (prepared !== undefined) {
    const why = `everybody who holds a copy of the key set has \`${prepared.kid}\` by then`;
    return { step: 'activate', kid: prepared.kid, at: readyAt(prepared, times), why };
  }
  const former = keys.find(({ state, signs }) => state === 'active' && !signs);
  if (former !== undefined) {
    return { step: 'retire', kid: former.kid, at: now, why: `\`${former.kid}\` signs no more, and could still` };
  }
  return { step: 'prepare', at: now, why: 'the next key can be published' };
}
