/**
 * The policies that decide now, in every process within a second of a change: rows and documents, read again
 * when something changed, and swapped whole.
 *
 * A policy that cannot be read (somebody wrote the row without us, or a later version did) goes on as this process
 * last knew it; where it knew nothing, the policy forbids all that it could have been about. The others move on:
 * a permit that was taken away must be gone, whatever else is broken.
 */
import { ok, type Clock, type Logger } from '#kernel';
import type { ChangeFeed, Database } from '#db';
import { Evaluator } from '../decide/evaluator.ts';
import { isPlain, plainRules } from '../decide/plain-rules.ts';
import { PolicySet, readPolicy, type FaultyPolicy, type ReadPolicy } from '../decide/policy-set.ts';
import { loadCedar, type CedarLibrary } from '../language/cedar.ts';
import { readRules, type PolicySource } from '../language/rule.ts';
import { starterRules } from '../starter-rules.ts';
import { listPolicies, policyGeneration } from '../store/policies-store.ts';
import {
  isInForce,
  isWatched,
  policyId,
  sourceOf,
  type DeclaredPolicy,
  type KeptPolicy,
  type PolicyFacts,
} from './policy.ts';
import { Slices } from './slices.ts';

export interface PoliciesInForceOptions {
  readonly database: Pick<Database, 'db' | 'changes'>;
  /** The `kind: policy` documents as they are now; another list after each reload. */
  readonly declared: () => readonly DeclaredPolicy[];
  readonly clock: Clock;
  readonly log: Logger;
}

/** Well inside the second within which a change elsewhere must hold here. */
const NOTICE_INTERVAL_MS = 250;

export class PoliciesInForce {
  readonly #options: PoliciesInForceOptions;
  readonly #feed: ChangeFeed;
  #set: PolicySet | undefined;
  #evaluator: Evaluator | undefined;
  /** What the set was made of. */
  #builtOf: { readonly generation: string; readonly declared: readonly DeclaredPolicy[] } | undefined;
  /** What every policy said when it could last be read. */
  #known: ReadonlyMap<string, ReadPolicy> = new Map();
  #faults: readonly FaultyPolicy[] = [];
  #watched: readonly PolicySource[] = [];
  #lookedAt = Number.NEGATIVE_INFINITY;
  #version: bigint | 'unknown' = 'unknown';
  /** Counts what this process itself changed. */
  #changes = 0;
  #seenChanges = 0;
  #refreshing: Promise<PolicySet> | undefined;

  constructor(options: PoliciesInForceOptions) {
    this.#options = options;
    this.#feed = options.database.changes;
  }

  /** A promise where something may have changed. It rejects while the database does not answer: nothing is decided then. */
  current(): PolicySet | Promise<PolicySet> {
    if (this.#set !== undefined && !this.#isStale()) return this.#set;
    return (this.#refreshing ??= this.#refresh().finally(() => (this.#refreshing = undefined)));
  }

  /** Policies that could not be read, as of the last look. */
  get faults(): readonly FaultyPolicy[] {
    return this.#faults;
  }

  /** Policies that are watched and decide nothing, as of the last look; the same list while they are the same. */
  get watched(): readonly PolicySource[] {
    return this.#watched;
  }

  /** To be told of a change that this process made. */
  changed(): void {
    this.#changes++;
  }

  #isStale(): boolean {
    if (this.#changes !== this.#seenChanges || this.#options.declared() !== this.#builtOf?.declared) return true;
    const now = this.#options.clock.now();
    // The distance and not the difference: a clock set back must not stop the looking.
    if (this.#version !== 'unknown' && Math.abs(now - this.#lookedAt) < NOTICE_INTERVAL_MS) return false;
    const version = this.#feed.version();
    if (version === 'unknown' || version !== this.#version) return true;
    this.#lookedAt = now;
    return false;
  }

  /** Until nothing changed while it was read. */
  async #refresh(): Promise<PolicySet> {
    const { database, declared: readDeclared, clock } = this.#options;
    for (;;) {
      const [changes, declared, version, now] = [this.#changes, readDeclared(), this.#feed.version(), clock.now()];
      const generation = await policyGeneration(database.db);
      if (this.#set === undefined || generation !== this.#builtOf?.generation || declared !== this.#builtOf.declared) {
        this.#set = await this.#build(declared);
        this.#builtOf = { generation, declared };
      }
      [this.#seenChanges, this.#version, this.#lookedAt] = [changes, version, now];
      if (changes === this.#changes && declared === readDeclared()) return this.#set;
    }
  }

  async #build(declared: readonly DeclaredPolicy[]): Promise<PolicySet> {
    const kept = await listPolicies(this.#options.database.db);
    const known = new Map<string, ReadPolicy>();
    const faults: FaultyPolicy[] = [];
    const slices = new Slices();
    const watched = [...sourcesOf(kept, declared, isWatched)];
    if (watched.length !== this.#watched.length || !watched.every((one, at) => isSame(one, this.#watched[at])))
      this.#watched = watched;
    for (const source of sourcesOf(kept, declared, isInForce)) {
      await slices.next();
      const before = this.#known.get(source.id);
      if (before !== undefined && isSame(before.source, source)) {
        known.set(source.id, before);
        continue;
      }
      const starter = starterRules(source);
      const read = starter === undefined ? readRules(await loadCedar(), source) : ok(starter);
      if (!read.ok) faults.push({ id: source.id, problems: read.error });
      known.set(source.id, read.ok ? readPolicy(source, read.value) : (before ?? closed(await loadCedar(), source)));
    }
    await slices.rest();
    this.#known = known;
    this.#tell(faults);
    const policies = [...known.values()];
    const plain = policies.every(({ rules }) => rules.every(isPlain));
    // Once it is there it decides all, as it does elsewhere.
    const evaluator = plain && this.#evaluator === undefined ? plainRules : await this.#cedar();
    return PolicySet.ofRead(evaluator, policies);
  }

  async #cedar(): Promise<Evaluator> {
    return (this.#evaluator ??= new Evaluator(await loadCedar()));
  }

  #tell(faults: readonly FaultyPolicy[]): void {
    const { log } = this.#options;
    const before = JSON.stringify(this.#faults);
    this.#faults = faults;
    if (JSON.stringify(faults) === before) return;
    for (const { id, problems } of faults) {
      log.error(
        { event: 'policy.unreadable', policy: id },
        `the policy \`${id}\` cannot be read: ${problems.map(({ message }) => message).join('; ')}. It goes on as it was known, or forbids all that it may be about`,
      );
    }
    if (faults.length === 0) log.info({ event: 'policy.readable' }, 'every policy can be read again');
  }
}

/** What stands in for a policy that nobody can read. */
function closed(cedar: CedarLibrary, unreadable: PolicySource): ReadPolicy {
  const source = { ...unreadable, cedar: 'forbid (principal, action, resource);' };
  const read = readRules(cedar, source);
  if (!read.ok) throw new Error('the policy that forbids everything cannot be read');
  return readPolicy(source, read.value);
}

/** Those that are so. A document stands in the place of what was made here under its name. */
function* sourcesOf(
  kept: readonly KeptPolicy[],
  declared: readonly DeclaredPolicy[],
  isSo: (policy: PolicyFacts) => boolean,
): Generator<PolicySource> {
  const names = new Set(declared.map(policyId));
  for (const policy of declared) if (isSo(policy)) yield sourceOf(policy);
  for (const policy of kept) {
    if (!policy.deleted && isSo(policy) && !names.has(policyId(policy))) yield sourceOf(policy);
  }
}

const isSame = (one: PolicySource, other: PolicySource | undefined): boolean =>
  one.id === other?.id &&
  one.cedar === other.cedar &&
  one.priority === other.priority &&
  one.namespace === other.namespace;
