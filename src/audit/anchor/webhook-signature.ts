import { createHmac } from 'node:crypto';
import { equalBytes, reveal, type Secret } from '#kernel';

/** Of a request that says where it comes from: `t=SECONDS,v1=HEX`. */
export const SIGNATURE_HEADER = 'chatelaine-signature';

/** HMAC-SHA-256 over the time, a full stop and the body: a request that was overheard is good for minutes. */
export function signWebhook(body: string, secret: Secret, now: number): string {
  const seconds = Math.floor(now / 1000);
  return `t=${seconds},v1=${macOf(body, seconds, secret)}`;
}

/** For receivers: whether the header signs this body, and was made within `toleranceMs` of `now`. */
export function checkWebhook(
  body: string,
  header: string,
  {
    secret,
    now,
    toleranceMs = 300_000,
  }: { readonly secret: Secret; readonly now: number; readonly toleranceMs?: number },
): boolean {
  const [, seconds, mac] = /^t=(\d{1,12}),v1=([0-9a-f]{64})$/.exec(header) ?? [];
  if (seconds === undefined || mac === undefined) return false;
  if (Math.abs(now - Number(seconds) * 1000) > toleranceMs) return false;
  return equalBytes(Buffer.from(mac, 'hex'), Buffer.from(macOf(body, Number(seconds), secret), 'hex'));
}

const macOf = (body: string, seconds: number, secret: Secret): string =>
  createHmac('sha256', reveal(secret)).update(`${seconds}.${body}`).digest('hex');
