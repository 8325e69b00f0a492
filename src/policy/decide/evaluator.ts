/**
 * Which of some rules match a request, by Cedar. Every rule is given to Cedar as a `permit`: it then names all
 * that match, forbids too, of which it would name only one kind otherwise; and what they mean together is
 * decided in `combine.ts`.
 */
import { EVERYWHERE } from '#contract';
import type { Entity } from '../facts/entities.ts';
import type { CedarValue } from '../facts/values.ts';
import type { CedarLibrary, Clause, EntityJson, PolicyJson } from '../language/cedar.ts';
import type { Rule } from '../language/rule.ts';
import { uidText } from '../language/scope.ts';
import type { RuleError } from './combine.ts';

export interface Evaluation {
  readonly matching: readonly Rule[];
  readonly errors: readonly RuleError[];
}

export interface EvaluatedRequest {
  readonly principal: Entity;
  readonly action: string;
  readonly resource: Entity;
  /** Of the resource. */
  readonly namespace: string;
  readonly context: Readonly<Record<string, CedarValue>>;
  /** Of the set that the rules are from. */
  readonly version: string;
}

/** Finds which of some rules match. Throws for what is no question at all: a defect of ours, and no verdict. */
export interface RuleEvaluator {
  evaluate(rules: readonly Rule[], request: EvaluatedRequest): Evaluation;
}

/**
 * Selections of rules that Cedar holds parsed. It forgets none by itself, and keeps them by name: so there are
 * so many names, and the one that was not used for longest gets another selection.
 */
const SELECTIONS = 256;

/** One a process and name: what Cedar holds is held for all. */
export class Evaluator implements RuleEvaluator {
  readonly cedar: CedarLibrary;
  readonly #name: string;
  /** The names, by what is parsed under them; the one used longest ago first. */
  readonly #parsed = new Map<string, string>();

  /** `name`: work on drafts goes by another one, so that it takes nothing from what calls are decided by. */
  constructor(cedar: CedarLibrary, name: string = 'selection') {
    this.cedar = cedar;
    this.#name = name;
  }

  evaluate(rules: readonly Rule[], { principal, action, resource, context, version }: EvaluatedRequest): Evaluation {
    if (rules.length === 0) return { matching: [], errors: [] };
    const answer = this.cedar.statefulIsAuthorized({
      principal: { type: principal.type, id: principal.id },
      action: { type: 'Action', id: action },
      resource: { type: resource.type, id: resource.id },
      context: { ...context },
      preparsedPolicySetId: this.#selection(rules, version),
      entities: together(principal, resource),
    });
    if (answer.type === 'failure') throw new Error(answer.errors.map(({ message }) => message).join('; '));
    const { reason, errors } = answer.response.diagnostics;
    const matched = new Set(reason);
    return {
      matching: rules.filter(({ id }) => matched.has(id)),
      errors: errors.map(({ policyId, error }) => ({ rule: policyId, message: error.message })),
    };
  }

  #selection(rules: readonly Rule[], version: string): string {
    const key = `${version}\n${rules.map(({ id }) => id).join('\n')}`;
    const known = this.#parsed.get(key);
    const name = known ?? this.#freeName();
    if (known === undefined) {
      const policies = Object.fromEntries(rules.map((rule) => [rule.id, asPermit(rule)]));
      const parsed = this.cedar.preparsePolicySet(name, { staticPolicies: policies });
      if (parsed.type === 'failure') throw new Error(parsed.errors.map(({ message }) => message).join('; '));
    }
    this.#parsed.delete(key);
    this.#parsed.set(key, name);
    return name;
  }

  #freeName(): string {
    if (this.#parsed.size < SELECTIONS) return `${this.#name}-${this.#parsed.size}`;
    const [key, name] = this.#parsed.entries().next().value as [string, string];
    this.#parsed.delete(key);
    return name;
  }
}

/** With the confinement of its policy: what is not in that namespace is none of its business. */
function asPermit({ json, policy }: Rule): PolicyJson {
  const { annotations: _, ...rest } = json;
  const confined: Clause[] =
    policy.namespace === EVERYWHERE
      ? []
      : [
          {
            kind: 'when',
            body: {
              in: {
                left: { Var: 'resource' },
                right: { Value: { __entity: { type: 'Namespace', id: policy.namespace } } },
              },
            },
          },
        ];
  return { ...rest, effect: 'permit', conditions: [...confined, ...json.conditions] };
}

/** Both with what they are in, each once. */
function together(principal: Entity, resource: Entity): EntityJson[] {
  const all = [...principal.entities, ...resource.entities];
  return [...new Map(all.map((entity) => [uidText(entity.uid as { type: string; id: string }), entity])).values()];
}
