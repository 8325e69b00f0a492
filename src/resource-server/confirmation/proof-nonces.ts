import { hkdfSync } from 'node:crypto';
import { equalBytes } from '#kernel';

const STEP_SECONDS = 60;
/** One minute ahead is what is given, so one that was just given lasts for three. */
const AHEAD = 1;
const COUNTED = [-2, -1, 0, 1, 2] as const;

/**
 * Nonces of DPoP proofs (RFC 9449 §8, §9): a proof that holds one was made lately, whatever the client's clock
 * says. They are made from the minute and a secret of the installation, so every process gives and knows the
 * same and none is kept.
 *
 * Clients keep one nonce for each origin, and the authorization server is at ours: its nonces are derived in the
 * same way, or each of the two would make clients forget the other's.
 */
export class ProofNonces {
  readonly #secret: Buffer;
  #minute = Number.NaN;
  #counted: readonly Buffer[] = [];

  /** `secret`: 32 bytes, that the authorization server has as well. */
  constructor(secret: Buffer) {
    this.#secret = secret;
  }

  /** What a client is to prove with next. */
  next(now: number): string {
    return (this.#at(now)[COUNTED.indexOf(AHEAD)] as Buffer).toString();
  }

  has(nonce: string, now: number): boolean {
    const given = Buffer.from(nonce);
    return this.#at(now).some((one) => equalBytes(one, given));
  }

  #at(now: number): readonly Buffer[] {
    const minute = Math.floor(now / 1000 / STEP_SECONDS);
    if (minute !== this.#minute) {
      this.#counted = COUNTED.map((away) => this.#derive(minute + away));
      this.#minute = minute;
    }
    return this.#counted;
  }

  #derive(minute: number): Buffer {
    const salt = Buffer.alloc(8);
    salt.writeBigUInt64BE(BigInt(minute));
    return Buffer.from(Buffer.from(hkdfSync('sha256', this.#secret, salt, 'DPoP', 32)).toString('base64url'));
  }
}
