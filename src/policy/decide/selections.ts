/**
 * The rules that are about a request, found once for a principal and a resource, and what they look at. Rules
 * that begin or cease to hold make a selection end.
 */
import { BoundedCache } from '#kernel';
import type { Entity } from '../facts/entities.ts';
import { readsOfAll, type Reads } from '../language/reads.ts';
import type { Rule } from '../language/rule.ts';
import { isAbout } from '../language/scope.ts';
import type { DecisionRequest } from './policy-set.ts';
import { RuleIndex } from './rule-index.ts';

export interface Selection {
  /** Its rules by number: the same for the same rules. */
  readonly name: string;
  readonly rules: readonly Rule[];
  readonly reads: Reads;
  /** Those that look at no argument. */
  readonly withoutArguments: { readonly rules: readonly Rule[]; readonly reads: Reads };
  /** Permits that do. */
  readonly hopeful: readonly Rule[];
  /** When one of them begins or ceases to hold. */
  readonly until: number;
}

type Asked = Omit<DecisionRequest, 'resource'>;

/** Pairs of a principal and a resource that are remembered, and principals. */
const PAIRS = 50_000;
const PRINCIPALS = 5_000;
/** Selections that are shared by pairs; few, and yet callers could think of many. */
const SHARED = 20_000;

export class Selections {
  readonly #numbers: ReadonlyMap<Rule, number>;
  readonly #byPrincipal: RuleIndex;
  readonly #ofPrincipal = new BoundedCache<string, RuleIndex>(PRINCIPALS);
  readonly #ofPair = new BoundedCache<string, Selection>(PAIRS);
  readonly #shared = new BoundedCache<string, Selection>(SHARED);

  constructor(rules: readonly Rule[]) {
    this.#numbers = new Map(rules.map((rule, number) => [rule, number]));
    this.#byPrincipal = new RuleIndex('principal', rules);
  }

  /** Of the request, or of the same for another resource. */
  of(asked: Asked & { readonly resource?: Entity }, resource = asked.resource as Entity): Selection {
    const { principal, action, circumstances } = asked;
    const pair = `${action}\n${principal.key}\n${resource.key}`;
    const known = this.#ofPair.get(pair);
    if (known !== undefined && circumstances.now < known.until) return known;
    const selection = this.#select(asked, resource, circumstances.now);
    this.#ofPair.set(pair, selection);
    return selection;
  }

  #select(asked: Asked, resource: Entity, now: number): Selection {
    const { principal, action, namespace } = asked;
    const about = this.#indexOf(asked)
      .about(resource)
      .filter((rule) => isAbout(rule, { principal, action, namespace, resource }));
    const ends = about.flatMap(({ validFrom, validUntil }) => [validFrom, validUntil]);
    const until = Math.min(Infinity, ...ends.filter((at): at is number => at !== undefined && at > now));
    const rules = about
      .filter(({ validFrom = -Infinity, validUntil = Infinity }) => validFrom <= now && now < validUntil)
      .toSorted((one, other) => this.#numberOf(one) - this.#numberOf(other));
    const name = rules.map((rule) => this.#numberOf(rule)).join(' ');
    // Rules that hold from another moment on are another selection, with the same name perhaps: not with its end.
    const key = `${name} ${until}`;
    const shared = this.#shared.get(key) ?? selectionOf(name, rules, until);
    this.#shared.set(key, shared);
    return shared;
  }

  #indexOf({ principal, action }: Asked): RuleIndex {
    const key = `${action}\n${principal.key}`;
    const known = this.#ofPrincipal.get(key);
    if (known !== undefined) return known;
    const index = new RuleIndex('resource', this.#byPrincipal.about(principal));
    this.#ofPrincipal.set(key, index);
    return index;
  }

  #numberOf(rule: Rule): number {
    return this.#numbers.get(rule) as number;
  }
}

function selectionOf(name: string, rules: readonly Rule[], until: number): Selection {
  const withoutArguments = rules.filter(({ reads }) => reads.args.length === 0);
  return {
    ...{ name, rules, until },
    reads: readsOfAll(rules.map(({ reads }) => reads)),
    withoutArguments: { rules: withoutArguments, reads: readsOfAll(withoutArguments.map(({ reads }) => reads)) },
    hopeful: rules.filter(({ reads, effect }) => reads.args.length > 0 && effect === 'permit'),
  };
}
