import { reveal, Secret } from '#kernel';
import type { CallerFace, OutgoingAuthOf, SecretMaterial } from '#contract';
import type { OutgoingAuth, OutgoingRequest, SentSecrets, TlsIdentity } from '../outgoing-auth.ts';
import type { OutgoingSecrets } from '../parts.ts';
import { NOTHING } from './nothing.ts';

type Config = OutgoingAuthOf<'secret'>;

/** Where an API key stands unless the configuration says. */
export const DEFAULT_KEY_HEADER = 'X-API-Key';

/** A whole credential of the vault, as its kind is sent. */
export class StaticSecret implements OutgoingAuth {
  readonly perCaller = false;
  readonly #config: Config;
  readonly #secrets: OutgoingSecrets;

  constructor(config: Config, secrets: OutgoingSecrets) {
    this.#config = config;
    this.#secrets = secrets;
  }

  async headers(_caller: CallerFace, { url }: OutgoingRequest): Promise<SentSecrets> {
    const { material } = await this.#secrets.held(this.#config.secret);
    switch (material.kind) {
      case 'api-key':
        if (this.#config.in === 'query') return NOTHING;
        return { [(this.#config.name ?? DEFAULT_KEY_HEADER).toLowerCase()]: material.key };
      case 'basic': {
        // RFC 7617 §2, in UTF-8.
        const pair = Buffer.from(`${material.username}:${reveal(material.password)}`);
        return { authorization: new Secret(`Basic ${pair.toString('base64')}`) };
      }
      case 'bearer':
        return { authorization: new Secret(`Bearer ${reveal(material.token)}`) };
      case 'mtls':
        if (url.protocol === 'https:') return NOTHING;
        throw this.#unfit('is a client certificate, which only https can show');
      case 'oauth-client':
        throw this.#unfit('is an OAuth client: `auth` needs a `tokenUrl`');
      case 'password':
        throw this.#unfit('is of the kind `password`, which no API is sent');
    }
  }

  async query(): Promise<SentSecrets> {
    const { secret, in: place, name } = this.#config;
    if (place !== 'query' || name === undefined) return NOTHING;
    const { material } = await this.#secrets.held(secret);
    return material.kind === 'api-key' ? { [name]: material.key } : NOTHING;
  }

  async identity(): Promise<TlsIdentity | undefined> {
    const { material, version } = await this.#secrets.held(this.#config.secret);
    return identityIn(material, version);
  }

  /** What the vault has was sent, and is all there is. */
  refused(): Promise<boolean> {
    return Promise.resolve(false);
  }

  #unfit(why: string): Error {
    return this.#secrets.unfit(this.#config.secret, why);
  }
}

/** The client certificate that the material is; undefined for what is none. */
export const identityIn = (material: SecretMaterial, version: string): TlsIdentity | undefined =>
  material.kind === 'mtls' ? { stamp: version, cert: material.certificate, key: material.privateKey } : undefined;
