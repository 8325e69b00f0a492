/** An authenticator app for tests that stand outside of identity: RFC 6238 once more, and none of ours. */
import { createHmac } from 'node:crypto';

const STEP_MS = 30_000;
const ALPHABET = 'ABCDEFGHIJKLMNOPQRSTUVWXYZ234567';

/** The six digits that an app shows for a seed in base32 at `now`, milliseconds. */
export function shownCode(seed: string, now: number): string {
  const bits = Array.from(seed, (letter) => ALPHABET.indexOf(letter).toString(2).padStart(5, '0')).join('');
  const bytes = (bits.match(/.{8}/g) ?? []).map((byte) => Number.parseInt(byte, 2));
  const counter = Buffer.alloc(8);
  counter.writeBigUInt64BE(BigInt(Math.floor(now / STEP_MS)));
  const mac = createHmac('sha1', Buffer.from(bytes)).update(counter).digest();
  const code = (mac.readUInt32BE((mac[19] as number) & 15) & 0x7f_ff_ff_ff) % 1_000_000;
  return String(code).padStart(6, '0');
}
