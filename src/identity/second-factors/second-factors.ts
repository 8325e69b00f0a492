import type { Clock, Secret } from '#kernel';
import type { RevocationLedger } from '#contract';
import type { Database } from '#db';
import { noteCredentialChange } from '../credential-change.ts';
import { countRecoveryCodes, replaceRecoveryCodes, useRecoveryCode } from '../store/recovery-codes-store.ts';
import type { AuthenticatorApps } from './authenticator-app.ts';
import { passkeyMethod, type Passkey } from './passkey.ts';
import type { Passkeys } from './passkeys.ts';
import { newRecoveryCodes, parseRecoveryCode, recoveryDigest } from './recovery-code.ts';

/** What a person has beside the password. */
export interface FactorsOf {
  readonly app: boolean;
  readonly passkeys: readonly Passkey[];
  readonly recoveryCodes: number;
}

/** What was presented: six digits or a recovery code, in one field; or what the browser made with a passkey. */
export type Proof = { readonly code: string } | { readonly assertion: string };

/** How the proof was given (RFC 8176), and what to call it in the record. */
export interface Accepted {
  readonly amr: readonly string[];
  readonly by: 'totp' | 'recovery-code' | 'passkey';
}

/** The second factors of people: which there are, and whether one was given. */
export class SecondFactors {
  readonly apps: AuthenticatorApps;
  readonly passkeys: Passkeys;
  readonly #database: Database;
  readonly #clock: Clock;
  readonly #ledger: RevocationLedger;

  constructor(parts: {
    readonly database: Database;
    readonly clock: Clock;
    readonly ledger: RevocationLedger;
    readonly apps: AuthenticatorApps;
    readonly passkeys: Passkeys;
  }) {
    this.apps = parts.apps;
    this.passkeys = parts.passkeys;
    this.#database = parts.database;
    this.#clock = parts.clock;
    this.#ledger = parts.ledger;
  }

  async of(userId: string): Promise<FactorsOf> {
    const [app, passkeys, recoveryCodes] = await Promise.all([
      this.apps.has(userId),
      this.passkeys.list(userId),
      countRecoveryCodes(this.#database.db, userId),
    ]);
    return { app, passkeys, recoveryCodes };
  }

  /** How the proof shows the person, used up; undefined when it does not. */
  async accept(userId: string, sessionId: string, proof: Proof): Promise<Accepted | undefined> {
    if ('assertion' in proof) {
      const passkey = await this.passkeys.accept(userId, sessionId, proof.assertion);
      return passkey && { amr: [passkeyMethod(passkey), 'user', 'mfa'], by: 'passkey' };
    }
    const recovery = parseRecoveryCode(proof.code);
    if (recovery !== undefined) {
      const used = await useRecoveryCode(this.#database.db, userId, recoveryDigest(recovery, userId));
      return used ? { amr: ['otp', 'mfa'], by: 'recovery-code' } : undefined;
    }
    return (await this.apps.accept(userId, proof.code)) ? { amr: ['otp', 'mfa'], by: 'totp' } : undefined;
  }

  /** Ten new recovery codes; the earlier ones end. They exist here and nowhere else. */
  async renewRecoveryCodes(userId: string): Promise<readonly Secret[]> {
    const codes = newRecoveryCodes();
    const digests = codes.map((code) => recoveryDigest(code, userId));
    await this.#database.transaction(async (trx) => {
      const now = this.#clock.now();
      const replaces = (await countRecoveryCodes(trx, userId)) > 0;
      await replaceRecoveryCodes(trx, userId, digests, now);
      if (replaces) await noteCredentialChange(trx, this.#ledger, userId, now);
    });
    return codes;
  }
}

/** Whether there is one to sign in with. Recovery codes are for when it is lost, and none by themselves. */
export const hasFactor = ({ app, passkeys }: Pick<FactorsOf, 'app' | 'passkeys'>): boolean =>
  app || passkeys.length > 0;
