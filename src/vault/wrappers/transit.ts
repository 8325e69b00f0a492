import { isRecord, reveal, type Secret } from '#kernel';
import { vaultError } from '../errors.ts';
import type { HttpPost, KeyWrapper, Wrapping } from './key-wrapper.ts';
import { dataKeyOf, post, refused, type RemoteAnswer } from './remote.ts';

export interface TransitSettings {
  /** `https://vault.example:8200` */
  readonly address: string;
  /** Where the transit engine is mounted; `transit` unless said. */
  readonly mount?: string | undefined;
  /** The name of a key of type aes256-gcm96. The engine refuses keys that cannot bind a context. */
  readonly key: string;
  /** Of Vault Enterprise, HCP or OpenBao. */
  readonly namespace?: string | undefined;
}

const HINTS: Readonly<Record<number, string>> = {
  403: 'the token may not use this key',
  404: 'no transit engine is mounted there',
  429: 'standby, or too many requests',
  503: 'sealed, or under maintenance',
};

/**
 * The Transit engine of HashiCorp Vault or OpenBao: `encrypt` and `decrypt` with associated data. It
 * needs `update` on these two paths and nothing more; the token is asked for at each request, so
 * that it can be renewed.
 */
export class TransitWrapper implements KeyWrapper {
  readonly id: string;
  readonly #settings: TransitSettings;
  readonly #token: () => Secret | Promise<Secret>;
  readonly #http: HttpPost;

  constructor(settings: TransitSettings, token: () => Secret | Promise<Secret>, http: HttpPost) {
    const path = [settings.namespace ?? '', settings.mount ?? 'transit', settings.key];
    // Without the address: a service that moved is still the same one.
    this.id = `transit:${path.filter((part) => part !== '').join('/')}`;
    this.#settings = settings;
    this.#token = token;
    this.#http = http;
  }

  async wrap(dataKey: Uint8Array, context: string): Promise<Wrapping> {
    const answer = await this.#ask('encrypt', { plaintext: Buffer.from(dataKey).toString('base64') }, context);
    const wrapped = fieldOf(answer, 'ciphertext');
    const version = typeof wrapped === 'string' ? /^vault:(v\d+):\S+$/.exec(wrapped)?.[1] : undefined;
    if (answer.status !== 200 || version === undefined) throw this.#refusal(answer);
    return { wrapped: wrapped as string, version };
  }

  async unwrap(wrapped: string, context: string): Promise<Buffer> {
    const answer = await this.#ask('decrypt', { ciphertext: wrapped }, context);
    // 400 is the engine's word for a ciphertext that is not its own, or not for this context.
    if (answer.status === 400) throw vaultError('KEY_UNWRAP_FAILED', `a data key does not open with \`${this.id}\``);
    if (answer.status !== 200) throw this.#refusal(answer);
    return dataKeyOf(fieldOf(answer, 'plaintext'), `\`${this.id}\``);
  }

  async #ask(action: 'encrypt' | 'decrypt', fields: Record<string, string>, context: string): Promise<RemoteAnswer> {
    const { address, mount = 'transit', key, namespace } = this.#settings;
    const path = `v1/${mount.split('/').map(encodeURIComponent).join('/')}/${action}/${encodeURIComponent(key)}`;
    return await post(
      this.#http,
      `\`${this.id}\``,
      new URL(path, address.endsWith('/') ? address : `${address}/`).href,
      {
        'content-type': 'application/json',
        'x-vault-request': 'true',
        'x-vault-token': reveal(await this.#token()),
        ...(namespace === undefined ? {} : { 'x-vault-namespace': namespace }),
      },
      JSON.stringify({ ...fields, associated_data: Buffer.from(context).toString('base64') }),
    );
  }

  #refusal(answer: RemoteAnswer): Error {
    return refused(`\`${this.id}\``, answer.status, HINTS[answer.status]);
  }
}

function fieldOf(answer: RemoteAnswer, name: string): unknown {
  const data = answer.body['data'];
  return isRecord(data) ? data[name] : undefined;
}
