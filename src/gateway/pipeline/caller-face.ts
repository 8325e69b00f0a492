import { type CallerFace, type Principal, type UpstreamTokenWish } from '#contract';
import { err, type Secret } from '#kernel';
import { hash } from 'node:crypto';
import type { CallerGrants } from './caller-grants.ts';

/** Who came, with what, and who keeps tokens of theirs. */
export interface FaceParts {
  readonly principal: Principal;
  /** The token of ours that they came with, of a sign-in; nobody else has accounts of people behind them. */
  readonly subjectToken: Secret | undefined;
  readonly grants: CallerGrants | undefined;
}

/**
 * The caller as a tool sees it: the token that they came with stays in here. Both answers are worked out when a tool
 * asks: most do not.
 */
export class CallerBehind implements CallerFace {
  readonly #parts: FaceParts;
  #context: string | undefined;

  constructor(parts: FaceParts) {
    this.#parts = parts;
  }

  /** By the sign-in and not by the token: who gets a new one goes on with what the last has opened. */
  get context(): string {
    return (this.#context ??= contextOf(this.#parts.principal));
  }

  get signIn(): string | undefined {
    return this.#parts.principal.tsid;
  }

  async upstreamToken(upstream: string, wish?: UpstreamTokenWish): ReturnType<CallerFace['upstreamToken']> {
    const { subjectToken, grants } = this.#parts;
    if (subjectToken === undefined || grants === undefined) return err({ reason: 'session' });
    return await grants.source.upstreamToken({ subjectToken, owner: grants.owner, upstream, ...wish });
  }
}

/** Of callers who are remembered: each call of a server behind asks. */
const contexts = new WeakMap<Principal, string>();

export function contextOf(principal: Principal): string {
  let context = contexts.get(principal);
  if (context === undefined) {
    const { kind, iss, sub, namespace, tsid, clientId, act } = principal;
    const parts = [kind, iss, sub, namespace, tsid ?? null, clientId ?? null, act ?? []];
    context = hash('sha256', JSON.stringify(parts), 'base64url');
    contexts.set(principal, context);
  }
  return context;
}
