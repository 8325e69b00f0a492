/** What a handler has in hand, made from the client behind its call. */
import { randomUUID } from 'node:crypto';
import { ClientInterruption, type InputRequest } from '#contract';
import { ChatelaineError, type JsonObject, type JsonValue } from '#kernel';
import { toolboxError } from '../../errors.ts';
import type { ToolCall } from '../../snapshot.ts';
import type { ElicitationAnswer, ModuleContext, Root, SamplingAnswer } from './api.ts';

/**
 * Runs a handler with its context. `name` is what the handler is called in messages.
 *
 * Rejects with `TOOL_FAILED`, with what the handler itself threw from the catalogue, with the
 * signal's reason after an abort, or with the interruption that ended the call for a question to the
 * client. The last holds even when the handler caught it: a `try` around `elicit` must not turn "ask
 * the person first" into an answer.
 */
export async function runHandler<Answer>(
  name: string,
  call: ToolCall,
  handler: (context: ModuleContext) => Answer | Promise<Answer>,
): Promise<Answer> {
  let interruption: ClientInterruption | undefined;
  const request: ModuleContext['request'] = async (inputs, state) => {
    try {
      return await call.client.request(inputs, state);
    } catch (error) {
      if (error instanceof ClientInterruption) interruption = error;
      throw error;
    }
  };
  try {
    const answer = await handler(contextOf(call, request));
    if (interruption !== undefined) throw interruption;
    return answer;
  } catch (error) {
    if (interruption !== undefined) throw interruption;
    throw translate(error, name, call);
  }
}

function contextOf(call: ToolCall, request: ModuleContext['request']): ModuleContext {
  const { client } = call;
  let asked = 0;
  /** One question under a name that is the same on every run of the handler. */
  const ask = async (input: InputRequest): Promise<JsonObject> => {
    const key = `${input.method.replace(/.*\//, '')}-${++asked}`;
    const answers = await request({ [key]: input });
    return answers[key] as JsonObject;
  };
  return {
    get signal() {
      return call.signal;
    },
    logger: call.log,
    capabilities: client.capabilities,
    state: client.state,
    progress: (progress, total, message) => client.progress(progress, total, message),
    log: (level, data, logger) => client.log(level, data, logger),
    request,
    sample: async (params) =>
      (await ask({
        method: 'sampling/createMessage',
        params: params as unknown as JsonObject,
      })) as unknown as SamplingAnswer,
    elicit: async (message, requestedSchema) =>
      answerOf(await ask({ method: 'elicitation/create', params: { message, requestedSchema } })),
    elicitUrl: async (message, url) =>
      answerOf(
        await ask({
          method: 'elicitation/create',
          params: { mode: 'url', message, url, elicitationId: randomUUID() },
        }),
      ),
    listRoots: async () => {
      const { roots } = await ask({ method: 'roots/list' });
      return (Array.isArray(roots) ? roots : []) as unknown as readonly Root[];
    },
  };
}

/** A client may send anything; whatever is not plainly an acceptance is none. */
function answerOf(answer: JsonObject): ElicitationAnswer {
  const { action, content } = answer;
  if (action !== 'accept') return { action: action === 'decline' ? 'decline' : 'cancel' };
  return { action, ...(isObject(content) && { content }) };
}

const isObject = (value: JsonValue | undefined): value is JsonObject =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

function translate(error: unknown, name: string, call: ToolCall): unknown {
  if (error instanceof ChatelaineError || error instanceof ClientInterruption) return error;
  if (isToolFailure(error)) return toolboxError('TOOL_FAILED', error.message, { cause: error });
  if (call.signal.aborted) return call.signal.reason;
  call.log.error({ err: error, handler: name }, 'a handler threw');
  return toolboxError('TOOL_FAILED', `\`${name}\` failed; the log of the server has the details`, { cause: error });
}

const isToolFailure = (error: unknown): error is Error => error instanceof Error && 'isToolFailure' in error;
