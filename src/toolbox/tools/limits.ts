/**
 * What bounds every run, whatever the tool does inside. The deadline is kept here, so that a body that
 * forgets about time still ends for its caller; rows and bytes are kept by the source, which alone can
 * stop reading, and the notice that they were cut travels in the output.
 */
import type { CallerFace, ClientFace } from '#contract';
import { formatDuration, type Logger } from '#kernel';
import { toolboxError } from '../errors.ts';
import type { ToolCall } from '../snapshot.ts';
import { Deadline } from './deadline.ts';
import type { RunContext, ToolArguments, ToolBody, ToolOutput } from './tool-type.ts';

export interface ToolLimits {
  readonly timeoutMs: number;
  readonly maxRows: number;
  readonly maxBytes: number;
  /** The tool or its source is read-only. */
  readonly readOnly: boolean;
}

/**
 * For tools that set none. A model reads the answer: a mebibyte is more than any context holds, and
 * half a minute is longer than anybody waits without progress.
 */
export const DEFAULT_LIMITS = { timeoutMs: 30_000, maxRows: 10_000, maxBytes: 1024 ** 2 } as const;

/**
 * Runs a body under its limits. Rejects with `TOOL_TIMEOUT` when the time is up, whether the body
 * listens to its signal or not; passes the body's own errors on. `ended` is called once, when the body
 * has really ended, which may be later.
 *
 * An answer that is there at once is given at once, and needs no timer. The signal is made when the
 * body first asks for it: a body that cannot be interrupted pays for none.
 */
export function runWithin(
  name: string,
  body: ToolBody,
  args: ToolArguments,
  call: ToolCall,
  limits: ToolLimits,
  ended: () => void,
): ToolOutput | Promise<ToolOutput> {
  const run = new LimitedRun(name, call, limits);
  let answer: ToolOutput | Promise<ToolOutput>;
  try {
    answer = body.run(args, run);
  } catch (error) {
    run.end();
    ended();
    return Promise.reject(asError(error));
  }
  if (answer instanceof Promise) return run.until(answer, ended);
  run.end();
  ended();
  return answer;
}

/**
 * One run as its body sees it, with what ends it: the time or the caller.
 *
 * A class and no literal with accessors, for the reason that `RunningCall` of the pipeline gives: a
 * literal's accessors give each object a hidden class of its own. So a body copies it by names, since
 * a spread would leave the accessors out.
 */
class LimitedRun implements RunContext {
  readonly timeoutMs: number;
  readonly maxRows: number;
  readonly maxBytes: number;
  readonly readOnly: boolean;
  readonly log: Logger;
  readonly #name: string;
  readonly #call: ToolCall;
  readonly #deadline: Deadline;
  #client: ClientFace | undefined;
  #controller: AbortController | undefined;
  #stopListening: (() => void) | undefined;
  #late: Error | undefined;
  #refuse: ((reason: Error) => void) | undefined;

  constructor(name: string, call: ToolCall, limits: ToolLimits) {
    this.timeoutMs = limits.timeoutMs;
    this.maxRows = limits.maxRows;
    this.maxBytes = limits.maxBytes;
    this.readOnly = limits.readOnly;
    this.log = call.log;
    this.#name = name;
    this.#call = call;
    this.#deadline = new Deadline(limits.timeoutMs);
  }

  get caller(): CallerFace {
    return this.#call.caller;
  }

  get client(): ClientFace {
    return (this.#client ??= unhurried(this.#call.client, this.#deadline));
  }

  get signal(): AbortSignal {
    if (this.#controller === undefined) {
      const controller = new AbortController();
      const caller = this.#call.signal;
      const leave = (): void => controller.abort(caller.reason);
      if (this.#late !== undefined) controller.abort(this.#late);
      else if (caller.aborted) leave();
      else caller.addEventListener('abort', leave, { once: true });
      this.#controller = controller;
      this.#stopListening = () => caller.removeEventListener('abort', leave);
    }
    return this.#controller.signal;
  }

  /** The answer, or the error of the time being up, whichever comes first. */
  until(answer: Promise<ToolOutput>, ended: () => void): Promise<ToolOutput> {
    return new Promise((resolve, reject) => {
      this.#refuse = reject;
      this.#deadline.start(() => this.#expire());
      const settle = (): void => {
        this.end();
        ended();
      };
      answer.then(
        (output) => {
          settle();
          resolve(output);
        },
        (error: unknown) => {
          settle();
          reject(asError(error));
        },
      );
    });
  }

  end(): void {
    this.#deadline.clear();
    this.#stopListening?.();
  }

  #expire(): void {
    this.#late = toolboxError(
      'TOOL_TIMEOUT',
      `\`${this.#name}\` ran longer than ${formatDuration(this.timeoutMs)} and was stopped`,
    );
    this.#controller?.abort(this.#late);
    this.#refuse?.(this.#late);
  }
}

const asError = (thrown: unknown): Error =>
  thrown instanceof Error ? thrown : new TypeError('something other than an error was thrown', { cause: thrown });

/** The client of a call, whose person's thinking does not count against the tool's time. */
function unhurried(client: ClientFace, deadline: Deadline): ClientFace {
  return {
    capabilities: client.capabilities,
    state: client.state,
    logLevel: client.logLevel,
    progress: (progress, total, message) => client.progress(progress, total, message),
    log: (level, data, logger) => client.log(level, data, logger),
    request(inputs, state) {
      deadline.hold();
      return client.request(inputs, state).finally(() => deadline.release());
    },
  };
}
