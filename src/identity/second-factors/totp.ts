import { createHmac, randomBytes } from 'node:crypto';
import { equalBytes, reveal, Secret } from '#kernel';

/**
 * Time-based one-time passwords (RFC 6238) over HOTP (RFC 4226): SHA-1, six digits, thirty seconds, which
 * is what every authenticator app can do. Forty lines on node:crypto; a library would bring the same
 * forty and leave the part that fails in practice, using a step once, to us all the same.
 */
const STEP_MS = 30_000;
const DIGITS = 6;
/** RFC 4226 §4 R6 recommends 160 bits. */
const SEED_BYTES = 20;

/** A new seed, in base32 as apps take it. */
export const newSeed = (): Secret => new Secret(base32(randomBytes(SEED_BYTES)));

/** The step that `now` lies in (RFC 6238 §4.2). */
export const stepAt = (now: number): number => Math.floor(now / STEP_MS);

/** The code of a step (RFC 4226 §5.3). */
export function codeAt(seed: Secret, step: number): string {
  const counter = Buffer.alloc(8);
  counter.writeBigUInt64BE(BigInt(step));
  const mac = createHmac('sha1', fromBase32(reveal(seed)))
    .update(counter)
    .digest();
  const offset = (mac[mac.length - 1] as number) & 15;
  const truncated = (mac.readUInt32BE(offset) & 0x7f_ff_ff_ff) % 10 ** DIGITS;
  return String(truncated).padStart(DIGITS, '0');
}

/**
 * The step whose code this is, among those that the clocks of app and server may differ by (one to
 * either side, RFC 6238 §5.2) and that come after `lastStep`; undefined when there is none. All are
 * computed and compared, so that the time does not tell which.
 */
export function matchingStep(seed: Secret, code: string, now: number, lastStep: number): number | undefined {
  const current = stepAt(now);
  let found: number | undefined;
  for (const step of [current - 1, current, current + 1]) {
    const same = equalBytes(Buffer.from(codeAt(seed, step)), Buffer.from(code));
    if (same && step > lastStep) found = step;
  }
  return found;
}

/** The six digits as people type them, spaces inside allowed; undefined for anything else. */
export function parseCode(text: string): string | undefined {
  const digits = text.replaceAll(/[\s-]/g, '');
  return /^\d{6}$/.test(digits) ? digits : undefined;
}

/** What the app reads from the QR code (Key URI format of Google Authenticator). */
export function otpauthUri(seed: Secret, issuer: string, account: string): Secret {
  const label = `${encodeURIComponent(issuer)}:${encodeURIComponent(account)}`;
  const parameters = new URLSearchParams({
    secret: reveal(seed),
    issuer,
    algorithm: 'SHA1',
    digits: '6',
    period: '30',
  });
  return new Secret(`otpauth://totp/${label}?${parameters.toString().replaceAll('+', '%20')}`);
}

// RFC 4648 §6.
const ALPHABET = 'ABCDEFGHIJKLMNOPQRSTUVWXYZ234567';

function base32(bytes: Uint8Array): string {
  const bits = [...bytes].map((byte) => byte.toString(2).padStart(8, '0')).join('');
  return (bits.match(/.{5}/g) ?? []).map((five) => ALPHABET[Number.parseInt(five, 2)]).join('');
}

function fromBase32(text: string): Buffer {
  const bits = Array.from(text, (letter) => ALPHABET.indexOf(letter).toString(2).padStart(5, '0')).join('');
  return Buffer.from((bits.match(/.{8}/g) ?? []).map((byte) => Number.parseInt(byte, 2)));
}
