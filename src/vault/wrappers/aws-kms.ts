import type { Clock } from '#kernel';
import { vaultError } from '../errors.ts';
import { signAwsRequest, type AwsCredentials } from './aws-signature.ts';
import type { HttpPost, KeyWrapper, Wrapping } from './key-wrapper.ts';
import { dataKeyOf, post, refused, type RemoteAnswer } from './remote.ts';

export interface AwsKmsSettings {
  readonly region: string;
  /** The ARN of a symmetric key. An alias could be pointed at another key. */
  readonly keyArn: string;
  /** Another address of the service, such as a VPC endpoint. */
  readonly endpoint?: string | undefined;
}

/** The service's words for a ciphertext that is not its own, not of this key or not for this context. */
const NOT_OURS = new Set(['InvalidCiphertextException', 'IncorrectKeyException']);

/**
 * AWS KMS over its JSON protocol (`TrentService.Encrypt`, `TrentService.Decrypt`), the context bound as
 * encryption context. Two calls and a signature do not need the SDK's several megabytes. KMS keeps
 * the versions of a rotated key to itself, so there is one version here.
 */
export class AwsKmsWrapper implements KeyWrapper {
  readonly id: string;
  readonly #settings: AwsKmsSettings;
  readonly #credentials: () => AwsCredentials | Promise<AwsCredentials>;
  readonly #http: HttpPost;
  readonly #clock: Clock;

  constructor(
    settings: AwsKmsSettings,
    parts: {
      readonly credentials: () => AwsCredentials | Promise<AwsCredentials>;
      readonly http: HttpPost;
      readonly clock: Clock;
    },
  ) {
    this.id = `aws-kms:${settings.keyArn}`;
    this.#settings = settings;
    this.#credentials = parts.credentials;
    this.#http = parts.http;
    this.#clock = parts.clock;
  }

  async wrap(dataKey: Uint8Array, context: string): Promise<Wrapping> {
    const answer = await this.#ask('Encrypt', { Plaintext: Buffer.from(dataKey).toString('base64') }, context);
    const wrapped = answer.body['CiphertextBlob'];
    if (answer.status !== 200 || typeof wrapped !== 'string' || wrapped === '') throw this.#refusal(answer);
    return { wrapped, version: '1' };
  }

  async unwrap(wrapped: string, context: string): Promise<Buffer> {
    const answer = await this.#ask('Decrypt', { CiphertextBlob: wrapped }, context);
    if (answer.status === 400 && NOT_OURS.has(errorType(answer) ?? '')) {
      throw vaultError('KEY_UNWRAP_FAILED', `a data key does not open with \`${this.id}\``);
    }
    if (answer.status !== 200) throw this.#refusal(answer);
    return dataKeyOf(answer.body['Plaintext'], `\`${this.id}\``);
  }

  async #ask(action: 'Encrypt' | 'Decrypt', fields: Record<string, string>, context: string): Promise<RemoteAnswer> {
    const { region, keyArn, endpoint } = this.#settings;
    const url = new URL(endpoint ?? `https://kms.${region}.amazonaws.com/`);
    const body = JSON.stringify({ KeyId: keyArn, EncryptionContext: { chatelaine: context }, ...fields });
    const headers = { 'content-type': 'application/x-amz-json-1.1', 'x-amz-target': `TrentService.${action}` };
    const signed = signAwsRequest(
      { method: 'POST', url, headers, body, region, service: 'kms' },
      await this.#credentials(),
      this.#clock.now(),
    );
    return await post(this.#http, `\`${this.id}\``, url.href, signed, body);
  }

  #refusal(answer: RemoteAnswer): Error {
    return refused(`\`${this.id}\``, answer.status, errorType(answer));
  }
}

/** `AccessDeniedException` of `com.amazonaws…#AccessDeniedException`; undefined for what is no such name. */
function errorType(answer: RemoteAnswer): string | undefined {
  const type = answer.body['__type'];
  return typeof type === 'string' ? /(?:^|#)([A-Za-z]{1,64})$/.exec(type)?.[1] : undefined;
}
