import { existsSync } from 'node:fs';
import { claimHostKey, findHostKey, replaceHostKey, type DatabaseOrTransaction } from '#db';
import { vaultError } from '../errors.ts';
import type { KeyWrapper } from './key-wrapper.ts';
import type { Keyring } from './keyring.ts';
import type { WrapperSettings } from './open-wrapper.ts';

/**
 * The wrapping key of all hosts on one database. What wraps data keys is found by the data keys themselves;
 * while there are none, two hosts that each made a key file would go on with two keys, and neither could open what
 * the other seals. So the database knows the key from the first start on.
 *
 * A host that opens with the key before, too, may bring a new one: that is how the key is changed, and the
 * others are refused from their next start until they have it.
 */
export class HostWrapper {
  readonly #db: DatabaseOrTransaction;
  readonly #settings: WrapperSettings;

  constructor(db: DatabaseOrTransaction, settings: WrapperSettings) {
    this.#db = db;
    this.#settings = settings;
  }

  /** Refuses before a key file would be made that nobody else has. Throws `KEY_OF_ANOTHER_HOST`. */
  async checkBeforeMaking(previous: readonly KeyWrapper[]): Promise<void> {
    if (this.#settings.type !== 'file' || existsSync(this.#settings.file)) return;
    const first = await findHostKey(this.#db, 'vault');
    if (first === undefined || previous.some(({ id }) => id === first)) return;
    throw vaultError(
      'KEY_OF_ANOTHER_HOST',
      `there is no key file at \`${this.#settings.file}\`, and the hosts of this database wrap with \`${first}\``,
    );
  }

  /** Throws `KEY_OF_ANOTHER_HOST` unless the key of the hosts is among these. */
  async check(keyring: Keyring): Promise<void> {
    const first = await findHostKey(this.#db, 'vault');
    if (first !== undefined && !keyring.has(first)) throw this.#refused(keyring, first);
  }

  /** Says that this is the key of the hosts. Throws as `check` does: another may have been first meanwhile. */
  async claim(keyring: Keyring, now: number): Promise<void> {
    const first = await claimHostKey(this.#db, 'vault', keyring.currentId, now);
    if (first === keyring.currentId) return;
    if (!keyring.has(first)) throw this.#refused(keyring, first);
    await replaceHostKey(this.#db, 'vault', { from: first, to: keyring.currentId, now });
  }

  #refused({ currentId }: Keyring, first: string): Error {
    const settings = this.#settings;
    const where = settings.type === 'file' ? `\`${settings.file}\`` : '`vault.keyWrapper`';
    return vaultError(
      'KEY_OF_ANOTHER_HOST',
      `${where} is the key \`${currentId}\`, and the hosts of this database wrap with \`${first}\``,
    );
  }
}
