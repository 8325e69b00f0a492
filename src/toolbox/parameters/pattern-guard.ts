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

let script: Script | undefined;
let context: (Context & { regex?: RegExp; text?: string }) | undefined;

/** Whether `regex` matches `text`; false when it does not find out in time. */
export function testWithinTime(regex: RegExp, text: string): boolean {
  const left = Math.floor(PATTERN_BUDGET_MS - spentUntilNow);
  // What was cut off has failed the check, whatever CPU time the budget still counts as left.
  if (expired || left < 1) {
    expired = true;
    return false;
  }
  script ??= new Script('regex.test(text)', { filename: 'pattern-guard' });
  context ??= createContext({ regex, text });
  context.regex = regex;
  context.text = text;
  try {
    return attempt(script, context, left) ?? false;
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
function attempt(script: Script, context: Context, limit: number): boolean | undefined {
  for (let tries = 1; ; tries++) {
    const before = process.threadCpuUsage();
    try {
      return script.runInContext(context, { timeout: limit }) as boolean;
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
