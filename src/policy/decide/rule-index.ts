/**
 * Rules by what their heads and first conditions name, so that of a thousand policies only the few are looked at that may be about a
 * request. Pure; finds more than apply and never fewer.
 */
import type { Rule } from '../language/rule.ts';
import { headsOf, uidText, type ScopedEntity } from '../language/scope.ts';

type Variable = 'principal' | 'resource';

export class RuleIndex {
  /** Rules whose head leaves the variable open. */
  readonly #open: Rule[] = [];
  readonly #named = new Map<string, Rule[]>();

  constructor(variable: Variable, rules: readonly Rule[]) {
    for (const rule of rules) {
      const { uids } = headsOf(rule.json)[variable];
      if (uids === undefined) this.#open.push(rule);
      else for (const name of new Set(uids.map(uidText))) this.#add(name, rule);
    }
  }

  #add(name: string, rule: Rule): void {
    const named = this.#named.get(name);
    if (named === undefined) this.#named.set(name, [rule]);
    else named.push(rule);
  }

  /** The rules that may be about it, each once, in no order. */
  about(entity: ScopedEntity): readonly Rule[] {
    if (this.#named.size === 0) return this.#open;
    // A rule may name several of what an entity is in.
    const found = new Set([...this.#open, ...(this.#named.get(uidText(entity)) ?? [])]);
    for (const ancestor of entity.ancestors) for (const rule of this.#named.get(ancestor) ?? []) found.add(rule);
    return [...found];
  }
}
