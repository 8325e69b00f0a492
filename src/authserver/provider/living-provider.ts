import type { Provider } from 'oidc-provider';
import type { KeySet, SigningKeys } from '../keys/index.ts';

/**
 * The provider that signs with the keys of now: it takes none while it runs, so a rotation makes another. Made by
 * the first who asks; what could not be made may be possible at the next request.
 */
export class LivingProvider {
  readonly #keys: Pick<SigningKeys, 'current'>;
  readonly #make: (keys: KeySet) => Promise<Provider>;
  #made: { readonly of: KeySet; readonly provider: Promise<Provider> } | undefined;

  constructor(keys: Pick<SigningKeys, 'current'>, make: (keys: KeySet) => Promise<Provider>) {
    this.#keys = keys;
    this.#make = make;
  }

  async current(): Promise<Provider> {
    const keys = await this.#keys.current();
    if (this.#made?.of !== keys) this.#made = { of: keys, provider: this.#make(keys) };
    const { provider } = this.#made;
    provider.catch(() => (this.#made = undefined));
    return provider;
  }
}
