import type { Logger } from '#kernel';
import { formatProblem, type Problem } from '#toolbox';
import { mainError } from '../errors.ts';

/** The value, or every problem as one error. Throws `CONFIGURATION_INVALID`. */
export function orThrow<Value>(result: { ok: true; value: Value } | { ok: false; error: readonly Problem[] }): Value {
  if (result.ok) return result.value;
  const count = result.error.length === 1 ? '1 problem' : `${result.error.length} problems`;
  throw mainError(
    'CONFIGURATION_INVALID',
    `the configuration has ${count}:\n\n${result.error.map((problem) => formatProblem(problem)).join('\n\n')}\n`,
    {
      details: { problems: result.error },
    },
  );
}

/** Tells the log of warnings that it has not been told of: what a server offers changes often, what is said of it seldom. */
export class ToldWarnings {
  readonly #log: Logger;
  #told: ReadonlySet<string> = new Set();

  constructor(log: Logger) {
    this.#log = log;
  }

  /** These are all that there are now. */
  tell(warnings: readonly Problem[]): void {
    const texts = warnings.map((warning) => formatProblem(warning, 'warning'));
    for (const text of texts) if (!this.#told.has(text)) this.#log.warn({ event: 'configuration.warning' }, text);
    this.#told = new Set(texts);
  }
}
