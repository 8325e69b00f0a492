import { ClientInterruption } from '#contract';
import { ChatelaineError, type Logger } from '#kernel';
import { gatewayError } from '../errors.ts';
import type { CallRequest } from './call-request.ts';

/** A fault of our own becomes INTERNAL, told to the log in full and to the caller by its id. */
export function toCatalogue(error: unknown, request: CallRequest, log: Logger): unknown {
  if (error instanceof ChatelaineError && error.code === 'OUTPUT_INVALID')
    log.warn(
      { event: 'tool.output', requestId: request.requestId, tool: request.name, reason: error.message },
      'a tool broke the promise of its `outputSchema`',
    );
  if (error instanceof ChatelaineError || error instanceof ClientInterruption) return error;
  if (request.signal.aborted) return gatewayError('CALL_CANCELLED', 'the call was cancelled', { cause: error });
  log.error({ err: error, requestId: request.requestId, tool: request.name }, 'a tool call met a fault of the server');
  return gatewayError(
    'INTERNAL',
    `the server met a fault of its own; its log has the details under request id \`${request.requestId}\``,
    {
      cause: error,
    },
  );
}
