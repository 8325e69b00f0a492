/** Whether a document may become a tool: what it says, what it lacks, and what its name could be taken for. */
import type { CatalogueTool } from '#contract';
import { lintTool, type Lint } from './lints.ts';
import { isOneSlipAway, LookAlikes } from './look-alikes.ts';
import { toolError } from './errors.ts';
import { isSameAuthor, type ToolAuthor } from './registered-tool.ts';
import type { RunningTools, TrialDocument } from './running-tools.ts';

export interface CheckedTool {
  readonly tool: CatalogueTool;
  /** What is told and stands in nobody's way. */
  readonly warnings: readonly Lint[];
}

/**
 * The tool, or what refuses it: `TOOL_DOCUMENT_REFUSED` with everything that is wrong, `TOOL_DECLARED`,
 * `TOOL_NAME_CONFUSABLE`.
 */
export async function checkDocument(running: RunningTools, document: TrialDocument): Promise<CheckedTool> {
  const trial = await running.trial(document);
  if (!trial.ok) throw refused(document, trial.error);
  const lints = lintTool(trial.value);
  const errors = lints.filter(({ severity }) => severity === 'error');
  if (errors.length > 0)
    throw refused(
      document,
      errors.map(({ message }) => message),
    );
  checkName(running, document);
  const slip = slipOf(running, document, document.registration.owner);
  return { tool: trial.value, warnings: slip === undefined ? lints : [...lints, slip] };
}

const refused = ({ name }: TrialDocument, why: readonly string[]) =>
  toolError('TOOL_DOCUMENT_REFUSED', `\`${name}\` cannot be registered: ${why.slice(0, 20).join('; ')}`);

function checkName(running: RunningTools, { namespace, name }: TrialDocument): void {
  if (running.isDeclared({ namespace, name })) {
    throw toolError('TOOL_DECLARED', `\`${name}\` is declared in a file`);
  }
  const like = new LookAlikes(namesIn(running, namespace)).of(name);
  if (like !== undefined) {
    throw toolError('TOOL_NAME_CONFUSABLE', `\`${name}\` could be taken for \`${like}\``);
  }
}

/** A name one slip away from somebody else's is how agents are led to the wrong tool: told, since many are innocent. */
function slipOf(running: RunningTools, { namespace, name }: TrialDocument, owner: ToolAuthor): Lint | undefined {
  for (const tool of running.all()) {
    if (tool.namespace !== namespace || !isOneSlipAway(tool.name, name)) continue;
    if (tool.registration !== undefined && isSameAuthor(tool.registration.owner, owner)) continue;
    const message = `\`${name}\` is one letter away from \`${tool.name}\`, which is somebody else's`;
    return { severity: 'warning', rule: 'near-name', field: 'name', message };
  }
  return undefined;
}

const namesIn = (running: RunningTools, namespace: string): readonly string[] =>
  [...running.all()].filter((tool) => tool.namespace === namespace).map(({ name }) => name);
