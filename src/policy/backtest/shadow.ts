/**
 * Policies that are watched and do not decide: beside each decision, what it would have been with one of them. The
 * call does not wait for it, and pays for a place in a queue.
 */
import { setImmediate as nextTurn } from 'node:timers/promises';
import type { AuditTrail } from '#contract';
import { BoundedCache, sha256Hex, type Clock, type Logger } from '#kernel';
import { combine } from '../decide/combine.ts';
import type { Evaluator } from '../decide/evaluator.ts';
import { PolicySet, type Decision } from '../decide/policy-set.ts';
import { contextFor } from '../facts/circumstances.ts';
import { holdingAt, judge, rulesAbout } from '../explain/inquiry.ts';
import { readsOfAll, type Reads } from '../language/reads.ts';
import type { PolicySource, Rule } from '../language/rule.ts';
import type { JudgedRequest } from './late-watch.ts';
import { storedPolicies } from './recorded-sets.ts';
import { changeOf, sideOf, type Change, type Side, type Uid } from './flips.ts';

/** Kept short, so that what is counted is what was just decided. */
const MOST_WAITING = 1000;
/** Decided between two turns of everybody else. */
const AT_ONCE = 10;
const MINUTE_MS = 60_000;
/** Of each kind of difference. */
const EXAMPLES = 5;
/** Callers that a record names. */
const NAMED = 8;

export const DIFFERENCES = ['same', 'would-deny', 'would-allow', 'obligations'] as const;
export type Difference = (typeof DIFFERENCES)[number];

const DIFFERENCE: Readonly<Record<Change, Difference>> = {
  denied: 'would-deny',
  allowed: 'would-allow',
  obligations: 'obligations',
};

export interface ShadowExample {
  readonly at: number;
  readonly principal: Uid;
  readonly tool: Uid;
  readonly before: Side;
  readonly after: Side;
  readonly facts: Decision['facts'];
}

export interface ShadowReport {
  /** Of the policy as it is written now. */
  readonly digest: string;
  /** Since this process watches the policy as it is written now. */
  readonly since: number;
  readonly counts: Readonly<Record<Difference, number>>;
  readonly examples: Readonly<Partial<Record<Difference, readonly ShadowExample[]>>>;
}

export interface ShadowParts {
  /**
   * Asked for when something is watched. Not the one that calls are decided by: what it holds parsed is not to be
   * pushed out.
   */
  readonly evaluator: () => Promise<Evaluator>;
  /** The policies that are watched, as they are now. */
  readonly watched: () => readonly PolicySource[];
  readonly trail: Pick<AuditTrail, 'append'>;
  readonly clock: Clock;
  readonly log: Logger;
}

interface Watched {
  readonly source: PolicySource;
  readonly digest: string;
  readonly since: number;
  readonly counts: Record<Difference, number>;
  readonly examples: Partial<Record<Difference, ShadowExample[]>>;
  /** Not on record yet, by difference. */
  readonly unrecorded: Map<Difference, Unrecorded>;
  /** With the policies of a version; undefined where both together are none. */
  with: { readonly version: string; readonly set: PolicySet | undefined } | undefined;
}

interface Unrecorded {
  calls: number;
  readonly since: number;
  readonly callers: Set<string>;
  readonly tools: Set<string>;
}

/** `untouched`: the policy is not about it, and so nothing would be otherwise. */
type Selection = 'untouched' | { readonly rules: readonly Rule[]; readonly reads: Reads };

interface Would {
  readonly side: Side;
  readonly facts: Decision['facts'];
}

interface Waiting {
  readonly request: JudgedRequest;
  readonly decision: Decision;
  readonly rules: PolicySet;
}

export class ShadowPolicies {
  readonly #parts: ShadowParts;
  #watched: readonly Watched[] = [];
  #sources: readonly PolicySource[] = [];
  #waiting: Waiting[] = [];
  #working: Promise<void> | undefined;
  #timer: NodeJS.Timeout | undefined;
  #closed = false;
  /** Decisions that nobody compared: there were too many, or their arguments were never looked at. */
  dropped = 0;
  /** What was alike before: the rules about a request, and what they decided. */
  readonly #selections = new BoundedCache<string, Selection>(5000);
  readonly #known = new BoundedCache<string, Would>(5000);

  constructor(parts: ShadowParts) {
    this.#parts = parts;
  }

  /** To be called beside each decision; returns at once. */
  observe(request: JudgedRequest, decision: Decision, rules: PolicySet): void {
    if (this.#closed || this.#current().length === 0) return;
    if (this.#waiting.length >= MOST_WAITING) {
      this.dropped++;
      return;
    }
    this.#waiting.push({ request, decision, rules });
    this.#working ??= this.#work()
      .catch((error: unknown) => {
        this.dropped += this.#waiting.splice(0).length;
        this.#parts.log.error({ err: error }, 'policies that are watched cannot be compared');
      })
      .finally(() => {
        this.#working = undefined;
      });
  }

  /** Of a policy that is watched; undefined for every other. */
  report(id: string): ShadowReport | undefined {
    const watched = this.#current().find(({ source }) => source.id === id);
    if (watched === undefined) return undefined;
    const { digest, since, counts, examples } = watched;
    return { digest, since, counts: { ...counts }, examples: { ...examples } };
  }

  /** How often which policy would have decided otherwise, for metrics. */
  counts(): readonly { readonly policy: string; readonly difference: Difference; readonly count: number }[] {
    return this.#watched.flatMap(({ source, counts }) =>
      DIFFERENCES.map((difference) => ({ policy: source.id, difference, count: counts[difference] })),
    );
  }

  /** Compares what waits. */
  async settled(): Promise<void> {
    await this.#working;
  }

  async close(): Promise<void> {
    this.#closed = true;
    clearTimeout(this.#timer);
    await this.#working;
    await this.#record();
  }

  /** Who is watched already keeps what was counted; who was written anew begins anew. */
  #current(): readonly Watched[] {
    const sources = this.#parts.watched();
    if (sources === this.#sources) return this.#watched;
    const before = new Map(this.#watched.map((one) => [one.digest, one]));
    const kept = sources.map((source) => before.get(digestOf(source)) ?? this.#begin(source));
    const gone = this.#watched.filter((one) => !kept.includes(one) && one.unrecorded.size > 0);
    this.#sources = sources;
    this.#watched = kept;
    this.#selections.clear();
    this.#known.clear();
    if (gone.length > 0) void this.#record(gone);
    return kept;
  }

  #begin(source: PolicySource): Watched {
    return {
      ...{ source, digest: digestOf(source), since: this.#parts.clock.now(), with: undefined },
      counts: { same: 0, 'would-deny': 0, 'would-allow': 0, obligations: 0 },
      ...{ examples: {}, unrecorded: new Map() },
    };
  }

  async #work(): Promise<void> {
    // Behind the call that has just been decided.
    await nextTurn();
    const evaluator = await this.#parts.evaluator();
    for (let done = 1; this.#waiting.length > 0; done++) {
      const next = this.#waiting.shift() as Waiting;
      for (const watched of this.#current()) this.#compare(evaluator, watched, next);
      if (done % AT_ONCE === 0) await nextTurn();
    }
  }

  #compare(evaluator: Evaluator, watched: Watched, { request, decision, rules }: Waiting): void {
    const set = this.#together(evaluator, watched, rules);
    const would = set && this.#would(evaluator, watched, set, request, rules);
    if (would === undefined) return;
    if (would === 'unknown') {
      this.dropped++;
      return;
    }
    const before = sideOf(decision);
    const change = would === 'same' ? undefined : changeOf(before, would.side);
    if (change === undefined || would === 'same') {
      watched.counts.same++;
      return;
    }
    const difference = DIFFERENCE[change];
    watched.counts[difference]++;
    const at = this.#parts.clock.now();
    const [principal, tool] = [uidOf(request.principal), uidOf(request.resource)];
    const examples = (watched.examples[difference] ??= []);
    if (examples.length < EXAMPLES)
      examples.push({ at, principal, tool, before, after: would.side, facts: would.facts });
    this.#count(watched, difference, principal, tool, at);
  }

  /** The policies of the decision with the one that is watched; made once for each version of them. */
  #together(evaluator: Evaluator, watched: Watched, rules: PolicySet): PolicySet | undefined {
    if (watched.with?.version !== rules.version) {
      const others = [...new Set(rules.rules.map(({ policy }) => policy))].filter(({ id }) => id !== watched.source.id);
      const set = PolicySet.of(evaluator, [...others, watched.source]);
      if (!set.ok) this.#parts.log.warn({ policy: watched.source.id }, 'a policy that is watched cannot be read');
      watched.with = { version: rules.version, set: set.ok ? set.value : undefined };
    }
    return watched.with.set;
  }

  #would(
    evaluator: Evaluator,
    { source, digest }: Watched,
    set: PolicySet,
    request: JudgedRequest,
    now: PolicySet,
  ): Would | 'same' | 'unknown' {
    const { circumstances, action, principal, resource } = request;
    const key = [digest, set.version, action, principal.key, resource.key].join('\n');
    let selection = this.#selections.get(key);
    if (selection === undefined) {
      const about = rulesAbout(set, request);
      const rules = holdingAt(about, circumstances.now);
      // One that takes the place of another may also do so by not being about it any more.
      const touched =
        about.some(({ policy }) => policy === source) || now.rules.some(({ policy }) => policy.id === source.id);
      selection = touched ? { rules, reads: readsOfAll(rules.map(({ reads }) => reads)) } : 'untouched';
      const lasts = about.every(({ validFrom, validUntil }) => validFrom === undefined && validUntil === undefined);
      if (lasts) this.#selections.set(key, selection);
    }
    if (selection === 'untouched') return 'same';
    const { rules, reads } = selection;
    // Denied before anybody looked at the arguments, so that nobody knows them.
    if (reads.args.length > 0 && request.arguments === undefined) return 'unknown';
    const { context, key: facts, unrepresentable } = contextFor(reads, circumstances);
    if (unrepresentable.length > 0)
      return { side: { allowed: false, because: 'argument', policies: [], obligations: undefined }, facts: context };
    const remembered = facts && `${key}\n${rules.map(({ id }) => id).join(' ')}\n${facts}`;
    const known = remembered && this.#known.get(remembered);
    if (known) return known;
    const { matching, errors } = judge(evaluator, set, rules, request, context);
    const would = { side: sideOf(combine(matching, errors)), facts: context };
    if (remembered !== undefined) this.#known.set(remembered, would);
    return would;
  }

  #count({ unrecorded }: Watched, difference: Difference, principal: Uid, tool: Uid, at: number): void {
    const known = unrecorded.get(difference) ?? { calls: 0, since: at, callers: new Set(), tools: new Set() };
    unrecorded.set(difference, known);
    known.calls++;
    if (known.callers.size < NAMED) known.callers.add(`${principal.type} ${principal.id}`);
    if (known.tools.size < NAMED) known.tools.add(tool.id);
    this.#timer ??= setTimeout(() => {
      this.#timer = undefined;
      void this.#record();
    }, MINUTE_MS).unref();
  }

  /** One record for each policy and kind of difference, with how often: a flood is one record a minute. */
  async #record(of: readonly Watched[] = this.#watched): Promise<void> {
    for (const { source, digest, unrecorded } of of) {
      for (const [difference, { calls, since, callers, tools }] of unrecorded) {
        unrecorded.delete(difference);
        const [namespace, name] = partsOf(source.id);
        const details = { difference, calls, since: new Date(since).toISOString(), policy: digest };
        await this.#parts.trail
          .append({
            ...{ class: 'authorization', type: 'policy.shadow', door: 'system', action: 'decide' },
            actor: { kind: 'system', iss: 'chatelaine', sub: 'shadow', name: 'shadow policies' },
            object: { kind: 'policy', namespace, name },
            outcome: 'success',
            details: { ...details, callers: [...callers], tools: [...tools] },
          })
          .catch((error: unknown) => {
            this.#parts.log.warn(
              { err: error, policy: source.id, difference, calls },
              'what a watched policy would have decided is not on record',
            );
          });
      }
    }
  }
}

const digestOf = (source: PolicySource): string => sha256Hex(storedPolicies([source])).slice(0, 16);

const uidOf = ({ type, id }: Uid): Uid => ({ type, id });

/** `namespace/name`. */
function partsOf(id: string): readonly [string, string] {
  const at = id.indexOf('/');
  return [id.slice(0, at), id.slice(at + 1)];
}
