import { ChatelaineError, isRecord, parseStrictJson, type JsonObject } from '#kernel';
import { vaultError } from '../errors.ts';
import { DATA_KEY_BYTES, type HttpPost } from './key-wrapper.ts';

const TIMEOUT_MS = 5000;
/** Characters; a longer answer counts as one that says nothing. */
export const LONGEST_ANSWER = 64 * 1024;

/** What a service answered: its status and, where the body is a JSON object, that object. */
export interface RemoteAnswer {
  readonly status: number;
  readonly body: JsonObject;
}

/** Posts `body` within five seconds. Throws `KEY_WRAPPER_UNAVAILABLE` when there is no answer. */
export async function post(
  http: HttpPost,
  who: string,
  url: string,
  headers: Readonly<Record<string, string>>,
  body: string,
): Promise<RemoteAnswer> {
  try {
    const signal = AbortSignal.timeout(TIMEOUT_MS);
    const answer = await http(url, { method: 'POST', headers, body, signal, redirect: 'error' });
    const text = await answer.text();
    const parsed = text.length <= LONGEST_ANSWER ? parseStrictJson(Buffer.from(text)) : undefined;
    return { status: answer.status, body: parsed?.ok && isRecord(parsed.value) ? parsed.value : {} };
  } catch (cause) {
    if (cause instanceof ChatelaineError) throw cause;
    // Not the cause: what a client throws may quote the request, and in it a data key.
    throw vaultError('KEY_WRAPPER_UNAVAILABLE', `${who} did not answer (${reasonOf(cause)})`);
  }
}

/** The code of the system or of OpenSSL, such as `ECONNREFUSED`, else the name of the error. */
function reasonOf(cause: unknown): string {
  if (!(cause instanceof Error)) return 'an error';
  // `fetch` has its reason one level below.
  const { code } = (cause.cause ?? cause) as { readonly code?: unknown };
  return typeof code === 'string' && /^[A-Z][A-Z0-9_]{2,63}$/.test(code) ? code : cause.name;
}

/** The refusal of a service. Its text is left out: whoever answers in its place could echo the data key. */
export const refused = (who: string, status: number, hint = ''): ChatelaineError =>
  vaultError('KEY_WRAPPER_UNAVAILABLE', `${who} answered ${status}${hint === '' ? '' : ` (${hint})`}`);

/** The data key of an answer. JSON hands it over as a string, which nobody can overwrite. */
export function dataKeyOf(base64: unknown, who: string): Buffer {
  const bytes = typeof base64 === 'string' ? Buffer.from(base64, 'base64') : Buffer.alloc(0);
  if (bytes.length === DATA_KEY_BYTES) return bytes;
  bytes.fill(0);
  throw vaultError('KEY_UNWRAP_FAILED', `what ${who} unwrapped is no data key`);
}
