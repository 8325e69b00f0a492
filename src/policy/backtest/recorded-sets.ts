/**
 * What recorded decisions name by digests: the entities that they were about and the sets of policies that made
 * them, read once each and kept as long as they are needed.
 */
import { BoundedCache } from '#kernel';
import type { Evaluator } from '../decide/evaluator.ts';
import { PolicySet } from '../decide/policy-set.ts';
import type { Entity } from '../facts/entities.ts';
import type { PolicySource } from '../language/rule.ts';
import { fromStored } from './subjects.ts';

/** Where they are kept: the port to the store. Undefined for what was lost, or never written. */
export type ReadSubject = (key: string) => Promise<string | undefined>;

const ENTITIES = 10_000;
/** Each may have a thousand policies. */
const SETS = 16;

export class RecordedSubjects {
  readonly #read: ReadSubject;
  readonly #evaluator: Evaluator;
  readonly #entities = new BoundedCache<string, Entity | 'lost'>(ENTITIES);
  readonly #sets = new BoundedCache<string, PolicySet | 'lost'>(SETS);

  constructor(read: ReadSubject, evaluator: Evaluator) {
    this.#read = read;
    this.#evaluator = evaluator;
  }

  async entity(key: string): Promise<Entity | undefined> {
    const known = this.#entities.get(key);
    if (known !== undefined) return known === 'lost' ? undefined : known;
    const text = await this.#read(key);
    const entity = text === undefined ? undefined : fromStored(text, key);
    this.#entities.set(key, entity ?? 'lost');
    return entity;
  }

  /** The policies that a decision was made by. */
  async policies(version: string): Promise<PolicySet | undefined> {
    const known = this.#sets.get(version);
    if (known !== undefined) return known === 'lost' ? undefined : known;
    const text = await this.#read(version);
    const set = text === undefined ? undefined : this.#toSet(text);
    // What is not what its digest says was changed by somebody.
    const found = set?.version === version ? set : undefined;
    this.#sets.set(version, found ?? 'lost');
    return found;
  }

  #toSet(text: string): PolicySet | undefined {
    try {
      const written = JSON.parse(text) as readonly [string, string, number, string][];
      const sources = written.map(([id, namespace, priority, cedar]): PolicySource => ({
        id,
        namespace,
        priority,
        cedar,
      }));
      const set = PolicySet.of(this.#evaluator, sources);
      return set.ok ? set.value : undefined;
    } catch {
      return undefined;
    }
  }
}

/** A set as it is kept. */
export const storedPolicies = (sources: readonly PolicySource[]): string =>
  JSON.stringify(sources.map(({ id, namespace, priority, cedar }) => [id, namespace, priority, cedar]));
