/**
 * Runs a pattern that is not provably cheap under a time limit. The engine checks for interrupts while
 * it backtracks, so the limit of a `vm` script ends it in the middle; nothing else in the language does.
 * Costs about 60 µs a test, which is why `pattern-cost.ts` keeps most patterns away from here.
 */
import { createContext, Script, type Context } from 'node:vm';

/** For all guarded tests of one check together, in milliseconds: a list of values must not add them up. */
export const PATTERN_BUDGET_MS = 50;

let spentUntilNow = 0;
let expired = false;

/** Begins the budget of one check. Checks are synchronous, so no two of them share it. */
export function startPatternBudget(): void {
  spentUntilNow = 0;
  expired = false;
}

/** Whether a test since `startPatternBudget` was cut off, or refused because the budget was gone. */
export const patternBudgetExpired = (): boolean => expired;

const scripts = new Map<string, Script>();
let context: (Context & { regex?: RegExp; text?: string }) | undefined;

/** Whether `regex` matches `text`; false when it does not find out in time. */
export const testWithinTime = (regex: RegExp, text: string): boolean =>
  withinTime('regex.test(text)', regex, text) === true;

/** Where the matches of a global `regex` begin and end, one after the other; undefined when it does not find out in time. */
export const findWithinTime = (regex: RegExp, text: string): readonly number[] | undefined =>
  withinTime(
    'Array.from(text.matchAll(regex), (match) => [match.index, match.index + match[0].length]).flat()',
    regex,
    text,
  ) as readonly number[] | undefined;

/** The answer of a script; undefined when there is none in time. */
function withinTime(question: string, regex: RegExp, text: string): unknown {
  const left = Math.floor(PATTERN_BUDGET_MS - spentUntilNow);
  // What was cut off has failed the check, whatever CPU time the budget still counts as left.
  if (expired || left < 1) {
    expired = true;
    return undefined;
  }
  let script = scripts.get(question);
  if (script === undefined) scripts.set(question, (script = new Script(question, { filename: 'pattern-guard' })));
  context ??= createContext({ regex, text });
  context.regex = regex;
  context.text = text;
  try {
    return attempt(script, context, left);
  } finally {
    context.text = '';
  }
}

/** How often a test that was cut off without having run is tried again. */
const ATTEMPTS = 5;

/**
 * The limit of a script is wall time, and on a busy machine a thread may be held up for longer than
 * that without doing anything. The budget is therefore kept in this thread's CPU time: what was cut off
 * before it used half of its limit gets another try.
 */
function attempt(script: Script, context: Context, limit: number): unknown {
  for (let tries = 1; ; tries++) {
    const before = process.threadCpuUsage();
    try {
      return script.runInContext(context, { timeout: limit });
    } catch (error) {
      const { user, system } = process.threadCpuUsage(before);
      const heldUp =
        (error as NodeJS.ErrnoException).code === 'ERR_SCRIPT_EXECUTION_TIMEOUT' && (user + system) / 1000 < limit / 2;
      if (heldUp && tries < ATTEMPTS) continue;
      // The time limit, or the engine's own stack limit on a very long text.
      expired = true;
      return undefined;
    } finally {
      const { user, system } = process.threadCpuUsage(before);
      spentUntilNow += (user + system) / 1000;
    }
  }
}
