/**
 * The secrets of one leg, and who holds which.
 *
 *   state      in the address, on the way to the provider and back; here only its SHA-256
 *   browser    in a cookie of the browser that began; here only its SHA-256
 *   nonce, verifier   here, sealed under a key of state and browser together, with the note of the provider
 *
 * So nobody can redeem a code with what lies in the database, nor with an address out of a history or a log
 * (RFC 9700 §4.2.4): it takes the browser. The vault is not asked, whose keys strangers at the door must not
 * use up.
 */
import { createCipheriv, createDecipheriv, hkdfSync, randomBytes } from 'node:crypto';
import { isRecord, randomToken, sha256Hex } from '#kernel';

export interface LegSecrets {
  readonly state: string;
  readonly browser: string;
  readonly nonce: string;
  readonly verifier: string;
}

/** 256 bits each; the verifier has the form of RFC 7636 §4.1. */
export const newLegSecrets = (): LegSecrets => ({
  state: randomToken(),
  browser: randomToken(),
  nonce: randomToken(),
  verifier: randomToken(),
});

export const digestOf = (text: string): string => sha256Hex(text);

// 43 characters of base64url; the last one carries four bits, so sixteen of them end a token of ours.
const TOKEN = /^[A-Za-z0-9_-]{42}[AEIMQUYcgkosw048]$/;

/** Whether the text can be a state or a cookie of ours. One token, one spelling. */
export const isToken = (text: string | undefined): text is string => text?.length === 43 && TOKEN.test(text);

const NONCE_BYTES = 12;
const TAG_BYTES = 16;

/** Which provider a leg is at: a name that came to mean another meanwhile is not the one that was asked. */
export interface LegPlace {
  readonly name: string;
  readonly issuer: string;
}

/** Seals nonce and verifier for the leg at that provider, and what it noted of the request. */
export function sealLeg({ state, browser, nonce, verifier }: LegSecrets, place: LegPlace, note?: string): string {
  const iv = randomBytes(NONCE_BYTES);
  const cipher = createCipheriv('aes-256-gcm', keyOf(state, browser), iv);
  cipher.setAAD(associatedData(place));
  const text = Buffer.concat([cipher.update(JSON.stringify({ nonce, verifier, note })), cipher.final()]);
  return Buffer.concat([iv, cipher.getAuthTag(), text]).toString('base64url');
}

/** What `sealLeg` sealed; undefined for anything else. */
export function openLeg(
  sealed: string,
  { state, browser }: Pick<LegSecrets, 'state' | 'browser'>,
  place: LegPlace,
): (Pick<LegSecrets, 'nonce' | 'verifier'> & { readonly note: string | undefined }) | undefined {
  const bytes = Buffer.from(sealed, 'base64url');
  if (bytes.length <= NONCE_BYTES + TAG_BYTES) return undefined;
  const decipher = createDecipheriv('aes-256-gcm', keyOf(state, browser), bytes.subarray(0, NONCE_BYTES));
  decipher.setAAD(associatedData(place));
  decipher.setAuthTag(bytes.subarray(NONCE_BYTES, NONCE_BYTES + TAG_BYTES));
  try {
    const text = Buffer.concat([decipher.update(bytes.subarray(NONCE_BYTES + TAG_BYTES)), decipher.final()]);
    const opened: unknown = JSON.parse(text.toString());
    if (!isRecord(opened)) return undefined;
    const { nonce, verifier, note } = opened;
    if (typeof nonce !== 'string' || typeof verifier !== 'string') return undefined;
    return { nonce, verifier, note: typeof note === 'string' ? note : undefined };
  } catch {
    return undefined;
  }
}

const associatedData = ({ name, issuer }: LegPlace): Buffer => Buffer.from(JSON.stringify([name, issuer]));

/** RFC 5869. */
const keyOf = (state: string, browser: string): Buffer =>
  Buffer.from(hkdfSync('sha256', `${state} ${browser}`, '', 'chatelaine upstream leg 1', 32));
