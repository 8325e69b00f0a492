/** A policy as it is kept: what it says, and who said so when. */
import { sha256Hex } from '#kernel';
import type { PolicySource } from '../language/rule.ts';

/** What a version of a policy says. */
export interface PolicyFacts {
  readonly priority: number;
  readonly description: string;
  readonly cedar: string;
  /** Kept, and deciding nothing. */
  readonly shadow: boolean;
  readonly enabled: boolean;
}

export interface PolicyName {
  /** A namespace, or `EVERYWHERE`. */
  readonly namespace: string;
  readonly name: string;
}

export interface PolicyVersion extends PolicyFacts {
  /** From 1 on. */
  readonly version: number;
  /** Whether it says that there is no policy any more. */
  readonly deleted: boolean;
  readonly reason: string;
  /** `issuer#subject`, and the subject alone for ours. */
  readonly author: string;
  readonly at: number;
}

/** A policy that was made here, in its latest version. */
export interface KeptPolicy extends PolicyName, PolicyVersion {
  readonly id: string;
  readonly createdAt: number;
}

/** A policy of a `kind: policy` document. */
export interface DeclaredPolicy extends PolicyName, PolicyFacts {}

export const policyId = ({ namespace, name }: PolicyName): string => `${namespace}/${name}`;

/** Whether it decides. */
export const isInForce = ({ enabled, shadow }: PolicyFacts): boolean => enabled && !shadow;

/** Whether it is watched: what it would decide is counted, and nothing comes of it. */
export const isWatched = ({ enabled, shadow }: PolicyFacts): boolean => enabled && shadow;

export const sourceOf = (policy: PolicyName & Pick<PolicyFacts, 'priority' | 'cedar'>): PolicySource => ({
  ...{ id: policyId(policy), namespace: policy.namespace, priority: policy.priority, cedar: policy.cedar },
});

/** Of what decides, so that a record says which text was in force without repeating it. */
export const digestOf = (policy: PolicyName & PolicyFacts): string =>
  sha256Hex(JSON.stringify([policyId(policy), policy.priority, policy.cedar, policy.shadow, policy.enabled]));
