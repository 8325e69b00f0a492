import { CLIENT_LACKS_CAPABILITY, PAGES_REQUIRED, PassedRefusal } from '#contract';
import { isRecord, type JsonObject } from '#kernel';
import { ServerError } from '../connections/server-connection.ts';
import { serversError } from '../errors.ts';

/** More of what a stranger says in an error helps nobody. */
const LONGEST_MESSAGE = 2_000;

/**
 * What a failure upstream means here. Two errors are the client's own to act on and reach it as they are; the others
 * are told in the server's words, which are shaped like its answers.
 */
export function refusalOf(error: unknown, server: string): unknown {
  if (!(error instanceof ServerError)) return error;
  const message = error.message.slice(0, LONGEST_MESSAGE);
  if (isRecord(error.data)) {
    const data = error.data as JsonObject;
    if (error.code === PAGES_REQUIRED && Array.isArray(data['elicitations']))
      return new PassedRefusal(PAGES_REQUIRED, message, data);
    if (error.code === CLIENT_LACKS_CAPABILITY) return new PassedRefusal(CLIENT_LACKS_CAPABILITY, message, data);
  }
  return serversError('SERVER_ERROR', `\`${server}\` refused: ${message}`, {
    cause: error,
    details: { rpcCode: error.code },
  });
}
