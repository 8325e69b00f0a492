/**
 * One rule: a `permit` or `forbid` of a policy, with its rank. A policy is a Cedar text with a priority, and has
 * one rule or several.
 */
import { EVERYWHERE } from '#contract';
import { err, ok, type Result } from '#kernel';
import type { CedarLibrary, DetailedError, PolicyJson } from './cedar.ts';
import { readAnnotations, type Annotated } from './obligations.ts';
import { readsOf, type Reads } from './reads.ts';

/** A policy as it was written. */
export interface PolicySource {
  /** `namespace/name`; `*` stands for no namespace. Unique in a set. */
  readonly id: string;
  /** The namespace that it is confined to, or `EVERYWHERE`. */
  readonly namespace: string;
  readonly priority: number;
  readonly cedar: string;
}

export interface Rule extends Annotated {
  /** Of the policy; with `#2` and so on for the others of its rules. */
  readonly id: string;
  readonly policy: PolicySource;
  readonly effect: 'permit' | 'forbid';
  readonly reads: Reads;
  /** As it was written, and where in the text of the policy that begins. */
  readonly text: string;
  readonly start: number;
  readonly json: PolicyJson;
}

/** What is wrong with a policy. Offsets are characters of its text. */
export interface PolicyProblem {
  readonly message: string;
  readonly start?: number | undefined;
  readonly end?: number | undefined;
}

/** A rule of the namespace never outranks a global one; within each the priority decides. */
export function outranks(one: Rule, other: Rule): boolean {
  const [a, b] = [one.policy.namespace === EVERYWHERE, other.policy.namespace === EVERYWHERE];
  return a === b ? one.policy.priority > other.policy.priority : a;
}

/** A rule as Cedar parsed it. */
export interface ParsedRule {
  readonly text: string;
  /** Where it begins in the text of the policy; -1 where the text has it in other words. */
  readonly at: number;
  readonly json: PolicyJson;
}

/** The rules of a policy, or everything that is wrong with it. */
export function readRules(
  cedar: CedarLibrary,
  policy: PolicySource,
): Result<readonly Rule[], readonly PolicyProblem[]> {
  const parsed = parsedRules(cedar, policy.cedar);
  return parsed.ok ? rulesOf(policy, parsed.value) : parsed;
}

function parsedRules(cedar: CedarLibrary, written: string): Result<readonly ParsedRule[], readonly PolicyProblem[]> {
  const parts = cedar.policySetTextToParts(written);
  if (parts.type === 'failure') return err(parts.errors.map(problemOf));
  if (parts.policy_templates.length > 0)
    return err([{ message: 'a policy has no slots (`?principal`, `?resource`); name whom and what it is about' }]);
  if (parts.policies.length === 0) return err([{ message: 'there is no `permit` and no `forbid` in it' }]);
  const problems: PolicyProblem[] = [];
  const rules = parts.policies.flatMap((text): ParsedRule[] => {
    const read = cedar.policyToJson(text);
    if (read.type === 'success') return [{ text, at: written.indexOf(text), json: read.json }];
    problems.push(...read.errors.map(problemOf));
    return [];
  });
  // The library gives them sorted by a number as text.
  return problems.length > 0 ? err(problems) : ok(rules.toSorted((one, other) => one.at - other.at));
}

/** What rules that were parsed mean, or everything that is wrong with them. */
export function rulesOf(
  policy: PolicySource,
  parsed: readonly ParsedRule[],
): Result<readonly Rule[], readonly PolicyProblem[]> {
  const problems: PolicyProblem[] = [];
  const rules = parsed.flatMap(({ text, at, json }, index): Rule[] => {
    const annotated = readAnnotations(json.annotations ?? {}, json.effect);
    const reads = readsOf(json);
    const place = at >= 0 ? { start: at, end: at + text.length } : {};
    for (const result of [annotated, reads]) if (!result.ok) problems.push({ message: result.error, ...place });
    if (!annotated.ok || !reads.ok) return [];
    const id = index === 0 ? policy.id : `${policy.id}#${index + 1}`;
    return [
      { ...annotated.value, id, policy, effect: json.effect, reads: reads.value, text, start: Math.max(0, at), json },
    ];
  });
  return problems.length > 0 ? err(problems) : ok(rules);
}

export function problemOf({ message, help, sourceLocations }: DetailedError): PolicyProblem {
  const [place] = sourceLocations ?? [];
  const said = [message, place?.label, help].filter((text) => typeof text === 'string' && text !== '');
  return { message: said.join('; '), start: place?.start, end: place?.end };
}
