/**
 * Running a method and making of its outcome what goes on the wire: the same for every transport.
 */
import { PassedRefusal } from '#contract';
import type { JsonObject } from '#kernel';
import { EncodedResult, type Exchange, type Method } from './exchange.ts';
import { InputRequired } from './input-required.ts';
import { encodeError, encodeResult, INTERNAL_ERROR, METHOD_NOT_FOUND, RpcError, type RequestId } from './json-rpc.ts';
import { passedRefusal } from './passed-refusal.ts';
import { toRpcError } from './refusals.ts';
import { META_SERVER_INFO } from './revision.ts';
import type { McpServices } from './services.ts';

/** An answer: the result as an object, or encoded by parts, or an error. */
export type Answer =
  | { readonly result: JsonObject }
  | { readonly encoded: EncodedResult }
  | { readonly error: RpcError };

/** Runs the method of an exchange. Never rejects: a fault of the server is an answer too, and logged. */
export async function answer(
  exchange: Exchange,
  methods: ReadonlyMap<string, Method>,
  services: McpServices,
): Promise<Answer> {
  try {
    const method = methods.get(exchange.method);
    if (method === undefined || !method.eras.includes(exchange.revision.era)) throw methodNotFound(exchange);
    const result = await method.handle(exchange);
    if (result instanceof EncodedResult) return { encoded: result };
    return { result: exchange.revision.era === 'stateless' ? complete(result, services) : result };
  } catch (error) {
    if (error instanceof InputRequired) return { result: signed(error.result, services) };
    const { requestId, method, revision } = exchange;
    if (!(error instanceof RpcError) && exchange.signal.aborted)
      return { error: new RpcError(INTERNAL_ERROR, 'the request was cancelled') };
    if (error instanceof PassedRefusal) return await passOn(error, exchange, services);
    const told = toRpcError(error, { requestId, method, era: revision.era }, services.log);
    // "Try again in a second" must hold for a call in rounds as well.
    if (told.status === 503 || told.code === 429) exchange.rounds?.handBack();
    return { error: told };
  }
}

/** What another server has told the client through us, in the words of the client's era. */
async function passOn(refusal: PassedRefusal, exchange: Exchange, services: McpServices): Promise<Answer> {
  const passed = await passedRefusal(refusal, exchange);
  return passed instanceof InputRequired ? { result: signed(passed.result, services) } : { error: passed };
}

/** The whole message of an answer, for transports that send it in one piece. */
export function encodeAnswer(id: RequestId, answer: Answer): string {
  if ('error' in answer) return encodeError(id, answer.error);
  if ('result' in answer) return encodeResult(id, answer.result);
  return `{"jsonrpc":"2.0","id":${JSON.stringify(id)},"result":${Buffer.concat(answer.encoded.parts).toString()}}`;
}

/** Every stateless result says that it is complete, and who gave it. */
const complete = (result: JsonObject, services: McpServices): JsonObject =>
  signed({ ...result, resultType: 'complete' }, services);

function signed(result: JsonObject, services: McpServices): JsonObject {
  const meta = result['_meta'] as JsonObject | undefined;
  return { ...result, _meta: { ...meta, [META_SERVER_INFO]: { ...services.serverInfo } } };
}

/**
 * A stateless client learns it by 404, which no older server's missing endpoint can mean, since the
 * body says so. A session client would take 404 for the end of its session: there it is 200.
 */
const methodNotFound = (exchange: Exchange): RpcError =>
  new RpcError(METHOD_NOT_FOUND, `no method is called \`${exchange.method}\``, {
    status: exchange.revision.era === 'stateless' ? 404 : 200,
  });
