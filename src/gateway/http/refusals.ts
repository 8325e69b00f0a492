/** What a request that is refused is told, whichever door it wanted. */
import type { IncomingMessage, ServerResponse } from 'node:http';
import { ChatelaineError, retryAfterOf, type Logger } from '#kernel';
import type { ResourceServer } from '#resource-server';
import { gatewayError } from '../errors.ts';
import { challenge, faultOf } from '../pipeline/challenge.ts';
import { restError } from '../rest/toolbox-rest.ts';
import { doorOf, resourceOf } from './doors.ts';
import type { Replies } from './replies.ts';

export type Refuse = (
  error: unknown,
  at: { readonly request: IncomingMessage; readonly response: ServerResponse; readonly requestId: string },
  headers: readonly string[],
) => void;

export function refusals(parts: {
  readonly resources: ResourceServer | undefined;
  readonly replies: Replies;
  readonly log: Logger;
}): Refuse {
  const { resources, replies, log } = parts;

  function refuse(
    error: unknown,
    { request, response, requestId }: { request: IncomingMessage; response: ServerResponse; requestId: string },
    origin: readonly string[],
  ): void {
    if (response.headersSent || response.destroyed) return void response.destroy();
    const told = error instanceof ChatelaineError ? error : internal(error, requestId);
    const headers = [...origin, 'X-Request-Id', requestId];
    const path = doorOf(request.url as string);
    const place = path && resourceOf(path);
    const wanted = challenge(told, place && resources?.challengeAt(place, request.headers.host));
    if (wanted !== undefined) headers.push('WWW-Authenticate', wanted);
    const nonce = faultOf(told)?.nonce;
    if (nonce !== undefined) headers.push('DPoP-Nonce', nonce);
    if (told.details?.['allow'] !== undefined) headers.push('Allow', told.details['allow'] as string);
    const seconds = retryAfterOf(told);
    if (seconds !== undefined) headers.push('Retry-After', String(seconds));
    headers.push(...((told.details?.['headers'] as readonly string[] | undefined) ?? []));
    // What was not read of a refused body is not worth reading: the connection goes with it.
    if (told.status === 413 || told.status === 421 || told.status === 401) headers.push('Connection', 'close');
    replies.json(response, told.status, restError(told, requestId), headers);
  }

  function internal(error: unknown, requestId: string): ChatelaineError {
    log.error({ err: error, requestId }, 'a request met a fault of the server');
    return gatewayError(
      'INTERNAL',
      `the server met a fault of its own; its log has the details under request id \`${requestId}\``,
      { cause: error },
    );
  }

  return refuse;
}
