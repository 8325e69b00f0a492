/**
 * Signatures as Standard Webhooks 1.0 has them: HMAC-SHA-256 over `id.timestamp.body`, base64, `v1,` before it. The
 * id makes a message countable once, the time makes one that was overheard good for minutes. Pure.
 */
import { createHmac } from 'node:crypto';
import { equalBytes, err, ok, reveal, type Result, type Secret } from '#kernel';

/** Which of several keys signed; not of the standard, where every key is tried. */
export const KEY_ID_HEADER = 'webhook-key-id';

const PREFIX = 'whsec_';
const TOLERANCE_SECONDS = 300;
const LONGEST_ID = 200;

export interface SignedMessage {
  readonly id: string;
  readonly body: string;
}

/** The headers of a message that is sent at `now`. */
export function signedHeaders(
  { id, body }: SignedMessage,
  { secret, keyId, now }: { readonly secret: Secret; readonly keyId: string; readonly now: number },
): Readonly<Record<string, string>> {
  const timestamp = String(Math.floor(now / 1000));
  return {
    'webhook-id': id,
    'webhook-timestamp': timestamp,
    'webhook-signature': `v1,${macOf(`${id}.${timestamp}.${body}`, secret).toString('base64')}`,
    [KEY_ID_HEADER]: keyId,
  };
}

/** A header of a request, of which there must be one. */
export type HeaderOf = (name: string) => string | undefined;

/** The id of a message that this key signed, not long ago; or what is wrong with it. */
export function verifyMessage(
  header: HeaderOf,
  body: string,
  { secret, now }: { readonly secret: Secret; readonly now: number },
): Result<string, string> {
  const [id, timestamp, signatures] = ['webhook-id', 'webhook-timestamp', 'webhook-signature'].map(header);
  if (id === undefined || timestamp === undefined || signatures === undefined) return err('a header of it is missing');
  // A full stop in the id would let another text have the same signature.
  if (!/^[\x21-\x2d\x2f-\x7e]+$/.test(id) || id.length > LONGEST_ID) return err('its id is not usable');
  if (!/^\d{1,12}$/.test(timestamp)) return err('its time is no number of seconds');
  if (Math.abs(now / 1000 - Number(timestamp)) > TOLERANCE_SECONDS)
    return err('it is more than five minutes old, or ahead');
  const expected = macOf(`${id}.${timestamp}.${body}`, secret);
  const isSigned = signatures
    .split(' ')
    .some((one) => one.startsWith('v1,') && equalBytes(Buffer.from(one.slice(3), 'base64'), expected));
  return isSigned ? ok(id) : err('its signature is not of that key');
}

/** Secrets begin with `whsec_` and are base64 then; any other text is taken as it is. */
function macOf(text: string, secret: Secret): Buffer {
  const written = reveal(secret);
  const key = written.startsWith(PREFIX) ? Buffer.from(written.slice(PREFIX.length), 'base64') : Buffer.from(written);
  return createHmac('sha256', key).update(text).digest();
}
