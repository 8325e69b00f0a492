/**
 * All policies that hold, and decisions by them. A set never changes: who changes a policy makes another one, and
 * what was remembered goes with the old one.
 */
import { BoundedCache, err, ok, sha256Hex, type Result } from '#kernel';
import { contextFor, PLACE_FIELDS, type Circumstances, type PlaceField } from '../facts/circumstances.ts';
import type { Entity } from '../facts/entities.ts';
import type { CedarValue } from '../facts/values.ts';
import { NO_OBLIGATIONS } from '../language/obligations.ts';
import { readsOfAll, type EntityReads, type Reads } from '../language/reads.ts';
import { readRules, type PolicyProblem, type PolicySource, type Rule } from '../language/rule.ts';
import { combine, type Verdict } from './combine.ts';
import type { Evaluator, RuleEvaluator } from './evaluator.ts';
import { Selections, type Selection } from './selections.ts';

/** Who asks to do what. */
export interface DecisionRequest {
  readonly principal: Entity;
  readonly action: 'execute' | 'read' | 'vend' | 'approve' | 'publish';
  readonly resource: Entity;
  /** Of the resource. */
  readonly namespace: string;
  readonly circumstances: Circumstances;
}

export interface Decision extends Omit<Verdict, 'because'> {
  /** `argument`: a policy looks at one that Cedar has no value for. */
  readonly because: Verdict['because'] | 'argument';
  /** What the policies looked at. */
  readonly facts: Readonly<Record<string, CedarValue>>;
  /** Digest of the policies that decided. */
  readonly version: string;
}

/** Decisions that are remembered. */
const REMEMBERED = 50_000;

/** A policy with its rules. */
export interface ReadPolicy {
  readonly source: PolicySource;
  readonly rules: readonly Rule[];
  /** Of all that the source says. */
  readonly digest: string;
}

export const readPolicy = (source: PolicySource, rules: readonly Rule[]): ReadPolicy => {
  const { id, namespace, priority, cedar } = source;
  return { source, rules, digest: sha256Hex(JSON.stringify([id, namespace, priority, cedar])) };
};

/** What is wrong with which policy. */
export interface FaultyPolicy {
  readonly id: string;
  readonly problems: readonly PolicyProblem[];
}

export class PolicySet {
  readonly version: string;
  readonly rules: readonly Rule[];
  /** What of places any of the rules looks at. */
  readonly places: readonly PlaceField[];
  readonly #evaluator: RuleEvaluator;
  readonly #selections: Selections;
  readonly #decisions = new BoundedCache<string, Decision>(REMEMBERED);
  /** How often rules were evaluated: the work that remembering saves. */
  evaluations = 0;

  private constructor(evaluator: RuleEvaluator, rules: readonly Rule[], version: string) {
    this.#evaluator = evaluator;
    this.rules = rules;
    this.version = version;
    this.places = PLACE_FIELDS.filter((field) => rules.some(({ reads }) => reads.fields.includes(field)));
    this.#selections = new Selections(rules);
  }

  /** The set of these policies, in whatever order they come; or everything that is wrong with any. */
  static of(evaluator: Evaluator, policies: readonly PolicySource[]): Result<PolicySet, readonly FaultyPolicy[]> {
    const ordered = policies.toSorted((one, other) => (one.id < other.id ? -1 : 1));
    const faulty: FaultyPolicy[] = [];
    const all = ordered.flatMap((source, index): ReadPolicy[] => {
      if (ordered[index - 1]?.id === source.id) {
        faulty.push({ id: source.id, problems: [{ message: 'another policy has the same id' }] });
        return [];
      }
      const read = readRules(evaluator.cedar, source);
      if (read.ok) return [readPolicy(source, read.value)];
      faulty.push({ id: source.id, problems: read.error });
      return [];
    });
    return faulty.length > 0 ? err(faulty) : ok(PolicySet.ofRead(evaluator, all));
  }

  /** The set of policies that were read before, each id once. */
  static ofRead(evaluator: RuleEvaluator, policies: readonly ReadPolicy[]): PolicySet {
    const ordered = policies.toSorted((one, other) => (one.source.id < other.source.id ? -1 : 1));
    const rules = ordered.flatMap((policy) => policy.rules);
    return new PolicySet(evaluator, rules, sha256Hex(ordered.map(({ digest }) => digest).join()).slice(0, 32));
  }

  /** Never throws: what cannot be decided is denied. */
  decide(request: DecisionRequest): Decision {
    const { circumstances } = request;
    const selection = this.#selections.of(request);
    const { reads, rules } = selection;
    const { context, key, unrepresentable } = contextFor(reads, circumstances);
    if (unrepresentable.length > 0) return this.#undecidable('argument', context, unrepresentable.join(', '));
    if (key === undefined) return this.#evaluate(rules, request, context);
    const remembered = memoryKey('decide', selection, request, key);
    const known = this.#decisions.get(remembered);
    if (known !== undefined) return known;
    const decision = this.#evaluate(rules, request, context);
    if (decision.because !== 'error') this.#decisions.set(remembered, decision);
    return decision;
  }

  /** The decision where no policy looks at arguments; undefined where it waits for them. */
  decideWithoutArguments(request: DecisionRequest): Decision | undefined {
    return this.#selections.of(request).reads.args.length === 0 ? this.decide(request) : undefined;
  }

  /**
   * Whether there are arguments with which the principal may: what lists show. A permit that looks at arguments
   * is taken to match, and a forbid that does not to.
   */
  mayEver(request: DecisionRequest): boolean {
    return this.decideEver(request).allowed;
  }

  /** The decision behind `mayEver`. One that denies holds whatever the arguments are. */
  decideEver(request: DecisionRequest): Decision {
    const selection = this.#selections.of(request);
    if (selection.reads.args.length === 0) return this.decide(request);
    const { rules, reads } = selection.withoutArguments;
    const { context, key, unrepresentable } = contextFor(reads, request.circumstances);
    if (unrepresentable.length > 0) return this.#undecidable('argument', context, unrepresentable.join(', '));
    if (key === undefined) return this.#evaluate(rules, request, context, selection.hopeful);
    const remembered = memoryKey('ever', selection, request, key);
    const known = this.#decisions.get(remembered);
    if (known !== undefined) return known;
    const decision = this.#evaluate(rules, request, context, selection.hopeful);
    if (decision.because !== 'error') this.#decisions.set(remembered, decision);
    return decision;
  }

  /** What `mayEver` of any of the resources looks at beside them, and when that may change by itself. */
  readsOfList(request: Omit<DecisionRequest, 'resource'>, resources: readonly Entity[]): ReadsOfList {
    const selections = new Set(resources.map((resource) => this.#selections.of(request, resource)));
    const reads = readsOfAll([...selections].map(({ withoutArguments }) => withoutArguments.reads));
    return { reads, until: Math.min(Infinity, ...[...selections].map(({ until }) => until)) };
  }

  #evaluate(
    rules: readonly Rule[],
    { principal, action, resource, namespace }: DecisionRequest,
    context: Decision['facts'],
    hopeful: readonly Rule[] = [],
  ): Decision {
    this.evaluations++;
    try {
      const asked = { principal, action, resource, namespace, context, version: this.version };
      const found = this.#evaluator.evaluate(rules, asked);
      const verdict = combine([...found.matching, ...hopeful], found.errors);
      return Object.freeze({ ...verdict, facts: context, version: this.version });
    } catch {
      return this.#undecidable('error', context, 'the policies could not be evaluated');
    }
  }

  #undecidable(because: 'argument' | 'error', facts: Decision['facts'], message: string): Decision {
    const verdict = { allowed: false, because, determining: [], overridden: [], obligations: NO_OBLIGATIONS };
    return Object.freeze({ ...verdict, errors: [{ rule: '', message }], facts, version: this.version });
  }
}

export interface ReadsOfList {
  readonly reads: Reads;
  readonly until: number;
}

/**
 * By what a decision is remembered: the rules, and what they look at. Who two callers are makes no difference
 * where no rule asks: their heads have been looked at already.
 */
function memoryKey(
  question: 'decide' | 'ever',
  { name, reads }: Selection,
  { principal, resource, namespace, action }: DecisionRequest,
  context: string,
): string {
  const who = seenOf(principal, reads.principal);
  return `${question}\n${name}\n${action}\n${namespace}\n${who}\n${seenOf(resource, reads.resource)}\n${context}`;
}

function seenOf(entity: Entity, reads: EntityReads): string {
  if (reads === 'itself') return entity.key;
  if (reads.length === 0) return entity.type;
  return JSON.stringify([entity.type, ...reads.map((attribute) => entity.attributes[attribute] ?? null)]);
}
