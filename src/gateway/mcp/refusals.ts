/** Which errors are errors of the protocol, and how: for every method of both eras. */
import { ChatelaineError, type Logger } from '#kernel';
import { challenge } from '../pipeline/challenge.ts';
import { INTERNAL_ERROR, INVALID_PARAMS, INVALID_REQUEST, MISSING_CLIENT_CAPABILITY, RpcError } from './json-rpc.ts';
import { TOOLBOX_EXTENSION, type Era } from './revision.ts';

/**
 * The refusals that the client, not its model, must mend; undefined for the others: those a model may
 * see and act on (arguments, the statement, a source that is down).
 */
export function refusal(error: ChatelaineError, era: Era): RpcError | undefined {
  const { status, message } = error;
  switch (error.code) {
    case 'TOOL_UNKNOWN':
    case 'PROMPT_UNKNOWN':
    case 'RESOURCE_UNKNOWN':
      return new RpcError(INVALID_PARAMS, message);
    case 'FORBIDDEN_ROLE':
    case 'FORBIDDEN_ACCESS':
    case 'INSUFFICIENT_SCOPE':
    case 'TOOL_TOKEN_REQUIRED': {
      const wanted = challenge(error);
      return new RpcError(INVALID_REQUEST, message, {
        status,
        ...(wanted !== undefined && { headers: ['WWW-Authenticate', wanted] }),
      });
    }
    case 'SECURE_CHANNEL_REQUIRED':
      return new RpcError(MISSING_CLIENT_CAPABILITY, message, {
        status: 400,
        data: { requiredCapabilities: { extensions: { [TOOLBOX_EXTENSION]: {} } } },
      });
    case 'CREDENTIAL_UNVERIFIABLE':
    case 'OVERLOADED':
    case 'SOURCE_BUSY':
    case 'AUDIT_UNAVAILABLE':
    case 'AUDIT_OVERLOADED':
    case 'DATABASE_UNAVAILABLE':
    case 'DATABASE_BUSY':
      return new RpcError(status, message, { status, headers: ['Retry-After', '1'] });
    case 'LIMIT_EXCEEDED': {
      // RFC 6585 §4 where the client reads the body of such an answer; a session's client would take it for a broken
      // connection, and learns it from the error alone.
      const {
        retryAfterSeconds,
        limit,
        headers = [],
      } = error.details as {
        readonly retryAfterSeconds: number;
        readonly limit: string;
        readonly headers?: readonly string[];
      };
      return new RpcError(status, message, {
        status: era === 'stateless' ? status : 200,
        data: { retryAfterSeconds, limit },
        headers: ['Retry-After', String(retryAfterSeconds), ...headers],
      });
    }
    case 'INTERNAL':
      return internal(message, era);
    default:
      return undefined;
  }
}

/**
 * The error that a client is told. Catalogued ones say what they say, under their HTTP status as code
 * (outside the range that JSON-RPC reserves); anything else is told to the log alone.
 */
export function toRpcError(
  error: unknown,
  where: { readonly requestId: string; readonly method: string; readonly era: Era },
  log: Logger,
): RpcError {
  if (error instanceof RpcError) return error;
  const { requestId, method, era } = where;
  if (error instanceof ChatelaineError) {
    const refused = refusal(error, era);
    if (refused !== undefined) return refused;
    if (error.status < 500) return new RpcError(error.status, error.message);
  }
  log.error({ err: error, requestId, method }, 'an MCP method met a fault of the server');
  const message =
    error instanceof ChatelaineError
      ? error.message
      : `the server met a fault of its own; its log has the details under request id \`${requestId}\``;
  return internal(message, era);
}

/** A session's client takes any status but 200 for a broken connection, and shows nobody the message. */
const internal = (message: string, era: Era): RpcError =>
  new RpcError(INTERNAL_ERROR, message, { status: era === 'stateless' ? 500 : 200 });
