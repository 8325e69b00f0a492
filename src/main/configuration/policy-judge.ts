import type { ServerSettings } from '#contract';
import { readPolicyDocuments, warnOfLimits } from '#gateway';
import type { Clock } from '#kernel';
import type { DeclaredPolicy } from '#policy';
import { formatProblem, sendingWithoutSignIn, type Problem, type ToolboxOptions } from '#toolbox';

type Judge = NonNullable<ToolboxOptions['judge']>;

/** Judges policies and limits by the tools that were built, before these are put to use. */
export class PolicyJudge {
  readonly #clock: Clock;
  readonly #signsIn: ((settings: ServerSettings) => boolean) | undefined;
  #unsettled: readonly Problem[] = [];
  /** Of the configuration that was judged last: it holds from when that is built without a fault. */
  policies: readonly DeclaredPolicy[] = [];
  /** Whether other tools may come than those that were built. At the start nobody knows of those beside files. */
  toolsChange = true;

  /** `signsIn`: whether people can sign in at what is opened; where it is left out, nobody asks. */
  constructor(options: { clock: Clock; signsIn: ((settings: ServerSettings) => boolean) | undefined }) {
    this.#clock = options.clock;
    this.#signsIn = options.signsIn;
  }

  /** What in policies does not fit the tools that there were, and may fit those to come. */
  get unsettled(): readonly Problem[] {
    return this.#unsettled;
  }

  readonly judge: Judge = async (configuration, snapshot, purpose) => {
    const { policies: documents, limits, sources, mcpServers, server } = configuration;
    const isTrial = purpose === 'trial';
    const asked = { now: this.#clock.now(), toolsChange: this.toolsChange || isTrial };
    const read = await readPolicyDocuments(documents, snapshot, asked);
    const unserved = this.#signsIn?.(server) === false ? sendingWithoutSignIn([...sources, ...mcpServers]) : [];
    const problems = [...read.problems, ...unserved];
    const warnings = [...read.warnings, ...(await warnOfLimits(limits, snapshot))];
    if (isTrial) return { problems: [...problems, ...newOf(read.unsettled, this.#unsettled)], warnings };
    this.policies = read.policies;
    this.#unsettled = read.unsettled;
    return { problems, warnings };
  };
}

/** What did not fit before is not the fault of what comes now. */
const newOf = (found: readonly Problem[], before: readonly Problem[]): readonly Problem[] => {
  const known = new Set(before.map((one) => formatProblem(one)));
  return found.filter((one) => !known.has(formatProblem(one)));
};
