import { CLIENT_LACKS_CAPABILITY, type InputRequest, type PassedRefusal } from '#contract';
import { isRecord, type JsonObject } from '#kernel';
import type { Exchange } from './exchange.ts';
import { InputRequired } from './input-required.ts';
import { INVALID_REQUEST, MISSING_CLIENT_CAPABILITY, RpcError, URL_ELICITATION_REQUIRED } from './json-rpc.ts';

/**
 * A refusal of another server that the client is to act on. Pages that a person has to open are an error in a session
 * (MCP 2025-11-25, URL Elicitation) and a question on a stateless revision, whose answer says that they were opened
 * and not what happened there: a server that refuses again after it is not asked a third time.
 */
export async function passedRefusal(refusal: PassedRefusal, exchange: Exchange): Promise<RpcError | InputRequired> {
  const { message, data, code } = refusal;
  if (code === CLIENT_LACKS_CAPABILITY)
    return new RpcError(MISSING_CLIENT_CAPABILITY, message, {
      data,
      status: exchange.revision.era === 'stateless' ? 400 : 200,
    });
  if (exchange.revision.era === 'session') return new RpcError(URL_ELICITATION_REQUIRED, message, { data });
  const pages = pagesOf(data);
  if (Object.keys(pages).length === 0) return new RpcError(INVALID_REQUEST, message, { status: 400 });
  try {
    await exchange.client.request(pages);
  } catch (asked) {
    if (asked instanceof InputRequired || asked instanceof RpcError) return asked;
    throw asked;
  }
  return new RpcError(INVALID_REQUEST, `the pages are not done yet: ${message}`, { status: 400 });
}

/** By their ids, which stay the same from round to round. */
function pagesOf({ elicitations }: JsonObject): Readonly<Record<string, InputRequest>> {
  if (!Array.isArray(elicitations)) return {};
  return Object.fromEntries(
    elicitations.flatMap((page) =>
      isRecord(page) && typeof page['elicitationId'] === 'string'
        ? [[page['elicitationId'], { method: 'elicitation/create', params: { ...page, mode: 'url' } }]]
        : [],
    ),
  );
}
