/**
 * Running a method and making of its outcome what goes on the wire: the same for every transport.
 */
import { ChatelaineError, type JsonObject, type Logger } from '#kernel';
import { EncodedResult, type Exchange, type Method } from './exchange.ts';
import { InputRequired } from './input-required.ts';
import { INTERNAL_ERROR, METHOD_NOT_FOUND, RpcError } from './json-rpc.ts';
import { META_SERVER_INFO } from './revision.ts';
import type { McpServices } from './services.ts';

/** An answer: the result as an object, or encoded by parts, or an error. */
export type Answer =
  | { readonly result: JsonObject }
  | { readonly encoded: EncodedResult }
  | { readonly error: RpcError };

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
    return { error: toRpcError(error, exchange, services.log) };
  }
}

/** Every stateless result says that it is complete, and who gave it. */
const complete = (result: JsonObject, services: McpServices): JsonObject =>
  signed({ resultType: 'complete', ...result }, services);

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

function toRpcError(error: unknown, exchange: Exchange, log: Logger): RpcError {
  if (error instanceof RpcError) return error;
  if (error instanceof ChatelaineError && error.status < 500) return new RpcError(-32000 - error.status, error.message);
  if (exchange.signal.aborted) return new RpcError(INTERNAL_ERROR, 'the request was cancelled');
  log.error(
    { err: error, requestId: exchange.requestId, method: exchange.method },
    'an MCP method met a fault of the server',
  );
  const message =
    error instanceof ChatelaineError
      ? error.message
      : `the server met a fault of its own; its log has the details under request id \`${exchange.requestId}\``;
  return new RpcError(INTERNAL_ERROR, message, { status: exchange.revision.era === 'stateless' ? 500 : 200 });
}
