/** Documents of `kind: policy`, checked against the tools that are declared beside them. */
import { EVERYWHERE, type PolicyDeclaration } from '#contract';
import {
  loadCedar,
  loadPolicyCheck,
  policyId,
  type CheckedPolicy,
  type DeclaredPolicy,
  type PolicyFinding,
} from '#policy';
import { problemAt, type Problem, type ToolboxSnapshot } from '#toolbox';
import { validatedTools } from './validated-tools.ts';

export interface PolicyDocuments {
  readonly policies: readonly DeclaredPolicy[];
  readonly problems: readonly Problem[];
  readonly warnings: readonly Problem[];
  /** What does not fit the arguments of the tools that there are now; only where tools come and go. */
  readonly unsettled: readonly Problem[];
}

const NONE: PolicyDocuments = { policies: [], problems: [], warnings: [], unsettled: [] };

/**
 * What the documents say, and everything that is wrong with any, at its line. Cedar is loaded where there are some.
 * `toolsChange`: not all tools are known, or some come and go on their own.
 */
export async function readPolicyDocuments(
  declarations: readonly PolicyDeclaration[],
  snapshot: ToolboxSnapshot,
  { now, toolsChange }: { readonly now: number; readonly toolsChange: boolean },
): Promise<PolicyDocuments> {
  if (declarations.length === 0) return NONE;
  const [cedar, { checkPolicy, factsOf, near }] = await Promise.all([loadCedar(), loadPolicyCheck()]);
  const all = validatedTools(snapshot);
  const found = declarations.map((declaration) => {
    const name = { namespace: declaration.everywhere ? EVERYWHERE : declaration.namespace, name: declaration.name };
    const tools = near(all, name.namespace);
    const { priority, description, cedar: text, form, shadow, enabled } = declaration;
    const facts = factsOf({ priority, description, cedar: text, form, shadow, enabled }, name, tools);
    if (!facts.ok)
      return {
        policy: undefined,
        ...told(declaration, { problems: [{ message: facts.error }], warnings: [], unsettled: [] }),
      };
    const policy = { ...name, ...facts.value };
    const checked = checkPolicy(
      cedar,
      { id: policyId(name), ...{ namespace: name.namespace, priority, cedar: policy.cedar } },
      // Other policies are rows of a database that may not be open yet.
      { tools, toolsChange, groups: undefined, others: [], now },
    );
    return { policy, ...told(declaration, checked) };
  });
  return {
    policies: found.flatMap(({ policy }) => policy ?? []),
    problems: found.flatMap(({ problems }) => problems),
    warnings: found.flatMap(({ warnings }) => warnings),
    unsettled: found.flatMap(({ unsettled }) => unsettled),
  };
}

function told(
  declaration: PolicyDeclaration,
  found: Pick<CheckedPolicy, 'problems' | 'warnings' | 'unsettled'>,
): Omit<PolicyDocuments, 'policies'> {
  const field = declaration.cedar === undefined ? 'form' : 'cedar';
  const at = ({ line, column }: PolicyFinding) =>
    field === 'cedar' && line !== undefined && column !== undefined
      ? declaration.locate([field], { line, column })
      : declaration.locate([field]);
  const placed = (findings: readonly PolicyFinding[]): readonly Problem[] =>
    findings.map((one) => problemAt(at(one), 'POLICY_WRONG', one.message));
  return {
    problems: placed(found.problems),
    warnings: placed(found.warnings),
    unsettled: placed(found.unsettled),
  };
}
