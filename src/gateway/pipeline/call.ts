/**
 * One call, end to end. MCP, REST and `chatelaine invoke` come here and nowhere else, so no door can
 * skip a step; what was checked is what runs, because one canonical call object travels the whole way:
 *
 *   access → role → resolve the tool → scopes → tokens the tool wants → arguments → limits
 *        → record the intent of a write → run → shape → record the outcome
 *
 * Any step that fails or errs refuses, and so does a record that cannot be written. Authentication happened at the door, which also says how it
 * shapes an answer.
 */
import { ClientInterruption, type AuditTrail, type ClientFace } from '#contract';
import { ChatelaineError, type JsonObject, type JsonValue, type Logger } from '#kernel';
import type { Group, NamespaceView, Tool, ToolArguments, ToolCall, ToolOutput, Violation } from '#toolbox';
import { gatewayError } from '../errors.ts';
import { checkAccess, checkRole } from './access.ts';
import { CallRecord, type Asked, type Ending, type Recorded } from './call-record.ts';
import type { DoorGuard } from './door-guard.ts';
import { claimedValues, missingClaim, toolTokens, wantsTokens, type ToolTokens } from './tool-tokens.ts';
import { toolsOf, visibleTo } from './visible.ts';
import type { ConcurrencyLimit } from './concurrency-limit.ts';

export type Door = 'mcp' | 'rest' | 'invoke';

export interface CallRequest extends Recorded {
  readonly view: NamespaceView;
  readonly group: Group;
  readonly name: string;
  readonly arguments: JsonObject;
  /** Values of `secure` parameters, where the door has a channel for them. */
  readonly secureArguments: JsonObject | undefined;
  readonly client: ClientFace;
  readonly signal: AbortSignal;
  /** Undefined where nobody can bring tokens: at standard input and on the command line. */
  readonly guard: DoorGuard | undefined;
}

/** What is no call but runs code all the same: a prompt, a resource, a completion. */
export interface Consultation extends Recorded {
  readonly asked: Asked;
  readonly client: ClientFace;
  readonly signal: AbortSignal;
}

/** What observers (metrics, traces, the log) learn of a call. */
export interface CallReport {
  readonly request: CallRequest;
  readonly tool: Tool | undefined;
  /** `ok`, or the code of the refusal or failure. */
  readonly outcome: string;
  readonly durationMs: number;
}

export interface CallObserver {
  called(report: CallReport): void;
}

/** What a door makes of a tool's output. */
export type Shape<Answer> = (tool: Tool, output: ToolOutput) => Answer;

export interface Pipeline {
  /** Runs the call and shapes its output; throws a catalogued error for every refusal and failure. */
  call<Answer>(request: CallRequest, shape: Shape<Answer>): Promise<Answer>;
  /**
   * A consultation is for credentials that read; the role in the namespace, the limit and the record hold for it
   * too. Throws their refusals, and whatever
   * `run` throws.
   */
  consult<Value>(consultation: Consultation, run: (call: ToolCall) => Promise<Value>): Promise<Value>;
}

export function createPipeline(options: {
  limit: ConcurrencyLimit;
  trail: AuditTrail;
  observers: readonly CallObserver[];
  log: Logger;
}): Pipeline {
  const { limit, trail, observers, log } = options;

  async function call<Answer>(request: CallRequest, shape: Shape<Answer>): Promise<Answer> {
    const started = performance.now();
    const record = new CallRecord(trail, request, askedFor(request));
    let tool: Tool | undefined;
    let outcome = 'ok';
    try {
      checkAccess(request.principal, 'execute');
      checkRole(request.principal, request.view.name);
      tool = resolveTool(request);
      checkScopes(request, tool);
      let tokens: ToolTokens | undefined;
      if (wantsTokens(tool)) {
        tokens = await toolTokens(tool, request);
        record.onBehalfOf = tokens.subjects;
      }
      const args = checkArguments(tool, request, tokens);
      limit.enter();
      let answer: Answer;
      try {
        if (tool.mayWrite()) await record.intend();
        const output = tool.run(args, new RunningCall(request, record, log));
        answer = shape(tool, output instanceof Promise ? await output : output);
      } finally {
        limit.leave();
      }
      await record.settle({ outcome: 'success', decision: 'permit', durationMs: performance.now() - started });
      return answer;
    } catch (error) {
      const told = toCatalogue(error, request);
      outcome = told instanceof ChatelaineError ? told.code : 'CLIENT_INTERRUPTION';
      // A record that failed cannot be put on record.
      if (!isOfTheRecord(told)) await record.settle(endingOf(told, tool, performance.now() - started));
      throw told;
    } finally {
      const report: CallReport = { request, tool, outcome, durationMs: performance.now() - started };
      for (const observer of observers) observer.called(report);
    }
  }

  async function consult<Value>(
    consultation: Consultation,
    consulted: (call: ToolCall) => Promise<Value>,
  ): Promise<Value> {
    const started = performance.now();
    const record = new CallRecord(trail, consultation, consultation.asked);
    try {
      checkAccess(consultation.principal, 'read');
      checkRole(consultation.principal, consultation.asked.namespace);
      limit.enter();
      let value: Value;
      try {
        value = await consulted(new RunningCall(consultation, record, log));
      } finally {
        limit.leave();
      }
      await record.settle({ outcome: 'success', decision: 'permit', durationMs: performance.now() - started });
      return value;
    } catch (error) {
      if (!isOfTheRecord(error)) await record.settle(endingOf(error, undefined, performance.now() - started));
      throw error;
    }
  }

  /** A fault of our own becomes INTERNAL, told to the log in full and to the caller by its id. */
  function toCatalogue(error: unknown, request: CallRequest): unknown {
    if (error instanceof ChatelaineError && error.code === 'OUTPUT_INVALID')
      log.warn(
        { event: 'tool.output', requestId: request.requestId, tool: request.name, reason: error.message },
        'a tool broke the promise of its `outputSchema`',
      );
    if (error instanceof ChatelaineError || error instanceof ClientInterruption) return error;
    if (request.signal.aborted) return gatewayError('CALL_CANCELLED', 'the call was cancelled', { cause: error });
    log.error(
      { err: error, requestId: request.requestId, tool: request.name },
      'a tool call met a fault of the server',
    );
    return gatewayError(
      'INTERNAL',
      `the server met a fault of its own; its log has the details under request id \`${request.requestId}\``,
      {
        cause: error,
      },
    );
  }

  return { call, consult };
}

/**
 * A call as its tool sees it. The client and the signal are read late: most calls need neither, and
 * making them costs.
 *
 * A class and no literal with accessors, here and in the requests of the doors: a literal's accessors
 * are new functions each time, so V8 gives each such object a hidden class of its own, in the old
 * generation, and everything the call touched stays there until the next full collection.
 */
class RunningCall implements ToolCall {
  readonly log: Logger;
  readonly #request: Pick<CallRequest, 'client' | 'signal'>;
  readonly #record: CallRecord;
  #client: ClientFace | undefined;

  constructor(request: Pick<CallRequest, 'client' | 'signal'>, record: CallRecord, log: Logger) {
    this.#request = request;
    this.#record = record;
    this.log = log;
  }

  get client(): ClientFace {
    return (this.#client ??= this.#record.client(this.#request.client));
  }

  get signal(): AbortSignal {
    return this.#request.signal;
  }
}

const askedFor = ({ view, name, arguments: args }: CallRequest): Asked => ({
  kind: 'tool',
  namespace: view.name,
  name,
  arguments: args,
});

const isOfTheRecord = (error: unknown): boolean =>
  error instanceof ChatelaineError && (error.code === 'AUDIT_UNAVAILABLE' || error.code === 'AUDIT_OVERLOADED');

/** Refusals of the pipeline itself: whoever met one did not get as far as the tool. */
const REFUSALS: ReadonlySet<string> = new Set([
  'FORBIDDEN_ACCESS',
  'FORBIDDEN_ROLE',
  'TOOL_UNKNOWN',
  'PROMPT_UNKNOWN',
  'RESOURCE_UNKNOWN',
  'RESOURCE_NOT_FOUND',
  'INSUFFICIENT_SCOPE',
  'TOOL_TOKEN_REQUIRED',
  'SECURE_CHANNEL_REQUIRED',
  'ARGUMENTS_INVALID',
  'OVERLOADED',
]);

/** What was cut off while it ran: nobody knows how far a write got. */
const CUT_OFF: ReadonlySet<string> = new Set(['CALL_CANCELLED', 'TOOL_TIMEOUT']);

function endingOf(error: unknown, tool: Tool | undefined, durationMs: number): Ending {
  // A call in rounds ends each round but the last with a question.
  if (error instanceof ClientInterruption) return { outcome: 'success', decision: 'permit', durationMs };
  const code = error instanceof ChatelaineError ? error.code : 'INTERNAL';
  if (REFUSALS.has(code)) return { outcome: 'denied', decision: 'forbid', error: code, durationMs };
  const unknown = CUT_OFF.has(code) && tool?.mayWrite() === true;
  return { outcome: unknown ? 'unknown' : 'failure', decision: 'permit', error: code, durationMs };
}

function resolveTool(request: CallRequest): Tool {
  const tool = toolsOf(visibleTo(request.principal, request.group)).get(request.name);
  if (tool === undefined) throw gatewayError('TOOL_UNKNOWN', `no tool is called \`${request.name}\``);
  return tool;
}

/** All missing scopes at once, so that one step-up suffices (MCP 2026-07-28, Authorization). */
function checkScopes({ principal, guard }: CallRequest, tool: Tool): void {
  if (tool.scopesRequired.length === 0 || tool.scopesRequired.every((scope) => principal.scopes.has(scope))) return;
  const door = guard?.challenge;
  throw gatewayError('INSUFFICIENT_SCOPE', `insufficient scopes for tool \`${tool.name}\``, {
    details: { scopes: [...new Set([...(door?.scopes ?? []), ...tool.scopesRequired])], metadata: door?.metadata },
  });
}

function checkArguments(tool: Tool, request: CallRequest, tokens: ToolTokens | undefined): ToolArguments {
  let supplied: JsonObject | undefined = tokens && claimedValues(tool, tokens);
  if (tool.secureParameters.length > 0) {
    const secure = request.secureArguments;
    if (secure === undefined) {
      throw gatewayError(
        'SECURE_CHANNEL_REQUIRED',
        `tool \`${tool.name}\` takes \`${tool.secureParameters.join('`, `')}\` through the secure channel only`,
      );
    }
    // Only declared names cross over: the secure channel must not smuggle ordinary arguments.
    const said = tool.secureParameters.filter((name) => Object.hasOwn(secure, name));
    supplied = { ...Object.fromEntries(said.map((name) => [name, secure[name] as JsonValue])), ...supplied };
  }
  const checked = tool.check(request.arguments, supplied);
  if (checked.ok) return checked.value;
  const lacking = tokens && missingClaim(tool, checked.error, tokens, request);
  throw lacking ?? argumentsInvalid(tool.name, checked.error);
}

/** ARGUMENTS_INVALID with every violation in the message, since a model reads only that. */
export function argumentsInvalid(name: string, violations: readonly Violation[]): ChatelaineError {
  const list = violations.map((violation) =>
    violation.path === '' ? violation.message : `\`${violation.path}\`: ${violation.message}`,
  );
  return gatewayError('ARGUMENTS_INVALID', `the arguments of \`${name}\` are not valid: ${list.join('; ')}`, {
    details: { violations },
  });
}
