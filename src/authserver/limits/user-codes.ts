import { addressBlock, type Attempt, type Throttle } from '#identity';
import { USER_CODE_BUDGET, USER_CODES_BUDGET, USER_CODES_HERE_BUDGET } from './budgets.ts';

/** Who types a code, as far as it is known. */
export interface Typist {
  readonly address: string | undefined;
  /** Of the provider; a browser can throw it away. */
  readonly sessionId: string | undefined;
  readonly userId: string | undefined;
}

/**
 * Counts user codes before they are looked for (RFC 8628 §5.1): of one person, one browser, one address, and in
 * all, since a guess is right for any program that waits.
 */
export class UserCodes {
  readonly #throttle: Throttle;

  constructor(throttle: Throttle) {
    this.#throttle = throttle;
  }

  /** Throws as `Throttle.take`. */
  async take({ address, sessionId, userId }: Typist): Promise<readonly Attempt[]> {
    return await this.#throttle.take([
      { budget: USER_CODES_HERE_BUDGET, of: address === undefined ? 'nowhere' : addressBlock(address) },
      ...(sessionId === undefined ? [] : [{ budget: USER_CODE_BUDGET, of: `session ${sessionId}` }]),
      ...(userId === undefined ? [] : [{ budget: USER_CODE_BUDGET, of: `user ${userId}` }]),
      { budget: USER_CODES_BUDGET, of: 'all' },
    ]);
  }

  /** There is such a code, or nobody looked: it was no guess. */
  async found(taken: readonly Attempt[]): Promise<void> {
    await this.#throttle.giveBack(taken);
  }
}
