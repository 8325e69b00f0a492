/**
 * policy: whether a principal may do something, and what is asked for in return.
 *
 * Owns the vocabulary (`schema.cedarschema`), what a policy is and means (`language/`: a Cedar text with a
 * priority; rules, annotations, what they look at, validation), the facts a decision is made from (`facts/`:
 * entities, circumstances, arguments as values of Cedar, clocks; `places/`: where an address is), decisions (`decide/`: which rules match, by
 * Cedar; what they mean together, ours), policies as objects (`policies/`: kept with every version, checked when
 * they are, in force in every process within a second) and as forms (`form/`). Does not own: who calls (identity),
 * tools (toolbox, registry), and what comes of an obligation (gateway).
 * What is asked of policies beside calls: `explain/`, why and who; `backtest/`, what other policies would have decided.
 * Tables: `policies`, `policy_versions`, `decision_subjects`, queried in `store/` alone.
 */
import type { Route } from '#http';
import type * as Form from './form/index.ts';
import type * as Check from './policies/check.ts';
import type * as Draft from './policies/draft.ts';
import type * as Examined from './policies/examined.ts';
import type { PolicyDirectory, PolicyDirectoryParts } from './policies/policy-directory.ts';
import type { QuestionParts } from './routes/questions.ts';

export { loadCedar, type CedarLibrary } from './language/cedar.ts';
export { readRules, type PolicyProblem, type PolicySource, type Rule } from './language/rule.ts';
export { NO_OBLIGATIONS, type Obligations } from './language/obligations.ts';
export { validateRules, type RuleProblem, type ValidatedTool } from './language/validate.ts';
export { principalEntity, toolEntity, toolFacts, type Entity, type ToolFacts } from './facts/entities.ts';
export { contextFor, type Circumstances, type PlaceField } from './facts/circumstances.ts';
export { latePlaces, type Places, type PlacesOptions } from './places/index.ts';
export { argumentValue, UNREPRESENTABLE, type Represented, type Told } from './facts/values.ts';
export { Evaluator } from './decide/evaluator.ts';
export { PolicySet, type Decision, type DecisionRequest, type FaultyPolicy } from './decide/policy-set.ts';
export { fixedPolicies, type CurrentPolicies } from './decide/current-policies.ts';
export { STARTER_POLICIES } from './starter.ts';
export { PoliciesInForce, type PoliciesInForceOptions } from './policies/policies-in-force.ts';
export { policyId, type DeclaredPolicy, type PolicyFacts, type PolicyName } from './policies/policy.ts';
export type { CheckedPolicy, PolicyFinding, Surroundings } from './policies/check.ts';
export type { PolicyDirectory, PolicyDirectoryParts } from './policies/policy-directory.ts';

/** Loaded when used: a server that only serves tools checks no policy and keeps no new one. */
export const loadPolicyCheck = (): Promise<typeof Check & typeof Draft> =>
  Promise.all([import('./policies/check.ts'), import('./policies/draft.ts')]).then(([check, draft]) => ({
    ...check,
    ...draft,
  }));

/** Likewise: for who looks for weaknesses. */
export const loadPolicyExamination = (): Promise<typeof Examined & Pick<typeof Check, 'unknownNames'>> =>
  Promise.all([import('./policies/examined.ts'), import('./policies/check.ts')]).then(
    ([examined, { unknownNames }]) => ({ ...examined, unknownNames }),
  );
export type { ExaminedPolicy } from './policies/examined.ts';
export type { KnownNames } from './policies/check.ts';

/** Likewise. */
export const loadPolicyForm = (): Promise<typeof Form> => import('./form/index.ts');

/** Likewise: the routes over policies that are kept here. */
export const loadPolicyDirectory = async (parts: PolicyDirectoryParts): Promise<PolicyDirectory> =>
  new (await import('./policies/policy-directory.ts')).PolicyDirectory(parts);
export const loadPolicyRoutes = async (policies: PolicyDirectory): Promise<readonly Route[]> =>
  (await import('./routes/policies.ts')).policyRoutes({ policies });
export { lateDecisionWatch, type DecisionWatch } from './backtest/index.ts';
/** Loaded when used: by a restore, and where records are kept for a time. */
export const loadForgetting = async () => await import('./backtest/forgetting.ts');
export type { CallableTool, CallableTools, Callers, Reach } from './explain/ports.ts';

/** Loaded when used: a server that only serves tools needs no routes. */
export const loadPolicyQuestions = async (parts: QuestionParts): Promise<readonly Route[]> =>
  (await import('./routes/questions.ts')).questionRoutes(parts);
