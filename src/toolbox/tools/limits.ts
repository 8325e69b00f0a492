/**
 * What bounds every run, whatever the tool does inside. The deadline is kept here, so that a body that
 * forgets about time still ends for its caller; rows and bytes are kept by the source, which alone can
 * stop reading, and the notice that they were cut travels in the output.
 */
import type { ClientFace } from '#contract';
import { formatDuration } from '#kernel';
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
 * The signal is made when the body first asks for it: a body that cannot be interrupted pays for none.
 */
export function runWithin(
  name: string,
  body: ToolBody,
  args: ToolArguments,
  call: ToolCall,
  limits: ToolLimits,
  ended: () => void,
): Promise<ToolOutput> {
  return new Promise((resolve, reject) => {
    let controller: AbortController | undefined;
    let caller: AbortSignal | undefined;
    let late: Error | undefined;
    const leave = (): void => controller?.abort(caller?.reason);
    const deadline = new Deadline(limits.timeoutMs, () => {
      late = toolboxError(
        'TOOL_TIMEOUT',
        `\`${name}\` ran longer than ${formatDuration(limits.timeoutMs)} and was stopped`,
      );
      controller?.abort(late);
      reject(late);
    });
    const settle = (): void => {
      deadline.clear();
      caller?.removeEventListener('abort', leave);
      ended();
    };
    // A literal with accessors, not a class: bodies may spread it, and nothing gets lost.
    const context: RunContext = {
      timeoutMs: limits.timeoutMs,
      maxRows: limits.maxRows,
      maxBytes: limits.maxBytes,
      readOnly: limits.readOnly,
      log: call.log,
      get client(): ClientFace {
        return unhurried(call.client, deadline);
      },
      get signal(): AbortSignal {
        if (controller === undefined) {
          controller = new AbortController();
          caller = call.signal;
          if (late !== undefined) controller.abort(late);
          else if (caller.aborted) leave();
          else caller.addEventListener('abort', leave, { once: true });
        }
        return controller.signal;
      },
    };
    let running: Promise<ToolOutput>;
    try {
      running = body.run(args, context);
    } catch (error) {
      settle();
      throw error;
    }
    running.then(
      (output) => {
        settle();
        return resolve(output);
      },
      (error: unknown) => {
        settle();
        reject(
          error instanceof Error ? error : new TypeError('something other than an error was thrown', { cause: error }),
        );
      },
    );
  });
}

/** The client of a call, whose person's thinking does not count against the tool's time. */
function unhurried(client: ClientFace, deadline: Deadline): ClientFace {
  return {
    capabilities: client.capabilities,
    state: client.state,
    progress: (progress, total, message) => client.progress(progress, total, message),
    log: (level, data, logger) => client.log(level, data, logger),
    request(inputs, state) {
      deadline.hold();
      return client.request(inputs, state).finally(() => deadline.release());
    },
  };
}
