/** Which caller may act as whom at which server, as plain data: what the real gateway is held against. */
import { CACHE_CEILING_MS } from '#token-exchange';

export const PEOPLE = 3;
export const UPSTREAMS = ['company', 'other'] as const;
export type UpstreamName = (typeof UPSTREAMS)[number];

/** What each server is sent: a token of the caller at an upstream, one had for that, ours, or none. */
export const SERVERS = {
  alpha: { era: 'session', sent: 'own', upstream: 'company' },
  beta: { era: 'stateless', sent: 'own', upstream: 'other' },
  gamma: { era: 'stateless', sent: 'exchanged', upstream: 'company' },
  delta: { era: 'session', sent: 'ours', upstream: undefined },
  epsilon: { era: 'stateless', sent: 'nothing', upstream: undefined },
} as const;
export type ServerName = keyof typeof SERVERS;
export const SERVER_NAMES = Object.keys(SERVERS) as readonly ServerName[];

/** The agent that has a key of the gateway, and no accounts. */
export const AGENT = 'agent';
/** A sign-in by its place among those of the sequence, or the agent. */
export type Caller = number | typeof AGENT;

/** What may come of a call: `perhaps` while what was kept of before may still be given. */
export type Verdict = 'served' | 'perhaps' | 'nothing';

interface ModelSession {
  readonly person: number;
  endedAt: number | undefined;
}

export class CallerModel {
  readonly sessions: ModelSession[] = [];
  /** When the sequence began: sign-ins of before had ended by then. */
  startedAt = 0;
  /** Since when accounts are not linked, by person and upstream. */
  readonly unlinked = new Map<string, number>();
  /** With whom each session at a server was begun. */
  readonly serverSessions = new Map<string, Caller>();
  /** How often time went on: tokens of clients must not end within a sequence. */
  waits = 0;
  /** Pairs of caller and server: from then on they are shown what they are offered, and no more. */
  readonly introduced = new Set<string>();
  /** Something happened after which a server may refuse, or be away for a moment. */
  disturbed = false;

  /** Judges a call at a time, in milliseconds. */
  judge(caller: Caller, server: ServerName, now: number): Verdict {
    const { upstream } = SERVERS[server];
    if (upstream === undefined) return 'served';
    if (caller === AGENT) return 'nothing';
    return this.#standingOf(this.sessions[caller]!, upstream, now);
  }

  /** Whether any sign-in of the person may still act at the upstream. */
  mayAct(person: number, upstream: UpstreamName, now: number): boolean {
    const before = { person, endedAt: this.startedAt };
    return [...this.sessions, before].some(
      (session) => session.person === person && this.#standingOf(session, upstream, now) !== 'nothing',
    );
  }

  #standingOf({ person, endedAt }: ModelSession, upstream: UpstreamName, now: number): Verdict {
    const unlinkedAt = this.unlinked.get(`${person} ${upstream}`);
    const ends = [endedAt, unlinkedAt].flatMap((at) => at ?? []);
    if (ends.length === 0) return 'served';
    return ends.every((at) => now < at + CACHE_CEILING_MS) ? 'perhaps' : 'nothing';
  }
}
