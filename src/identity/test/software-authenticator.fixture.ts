import { createHash, generateKeyPairSync, randomBytes, sign, type KeyObject } from 'node:crypto';

interface CreationOptions {
  readonly challenge: string;
  readonly rp: { readonly id: string };
  readonly user: { readonly id: string };
}

interface RequestOptions {
  readonly challenge: string;
  readonly rpId: string;
}

/** What a test may spoil. */
export interface Spoiling {
  readonly origin?: string;
  readonly rpId?: string;
  readonly challenge?: string;
  readonly type?: string;
  readonly userVerified?: boolean;
  readonly counter?: number;
  readonly signWith?: KeyObject;
  readonly id?: string;
}

const sha256 = (data: string | Buffer): Buffer => createHash('sha256').update(data).digest();
const base64url = (data: Buffer | string): string => Buffer.from(data).toString('base64url');

/**
 * An authenticator in software: a P-256 key that makes real attestations (format `none`) and real
 * assertions (WebAuthn Level 3 §6), as a browser would hand them over.
 */
export class SoftwareAuthenticator {
  readonly id = randomBytes(32);
  readonly #key = generateKeyPairSync('ec', { namedCurve: 'P-256' });
  readonly #origin: string;
  counter: number;

  constructor(origin: string, counter = 1) {
    this.#origin = origin;
    this.counter = counter;
  }

  create(options: CreationOptions, spoiling: Spoiling = {}): string {
    const { x, y } = this.#key.publicKey.export({ format: 'jwk' });
    // COSE_Key (RFC 9053 §7.1.1): kty 2, alg -7, crv 1, x, y.
    const cose = cborMap([
      [cborInt(1), cborInt(2)],
      [cborInt(3), cborInt(-7)],
      [cborInt(-1), cborInt(1)],
      [cborInt(-2), cborBytes(Buffer.from(x as string, 'base64url'))],
      [cborInt(-3), cborBytes(Buffer.from(y as string, 'base64url'))],
    ]);
    const length = Buffer.alloc(2);
    length.writeUInt16BE(this.id.length);
    const attested = Buffer.concat([Buffer.alloc(16), length, this.id, cose]);
    const authData = Buffer.concat([this.#data(options.rp.id, spoiling, 0x40), attested]);
    const attestationObject = cborMap([
      [cborText('fmt'), cborText('none')],
      [cborText('attStmt'), cborMap([])],
      [cborText('authData'), cborBytes(authData)],
    ]);
    return JSON.stringify({
      ...this.#credential(spoiling),
      response: {
        clientDataJSON: base64url(this.#clientData('webauthn.create', options.challenge, spoiling)),
        attestationObject: base64url(attestationObject),
        transports: ['internal'],
      },
    });
  }

  get(options: RequestOptions, spoiling: Spoiling = {}): string {
    this.counter += this.counter === 0 ? 0 : 1;
    const authenticatorData = this.#data(options.rpId, spoiling, 0);
    const clientData = this.#clientData('webauthn.get', options.challenge, spoiling);
    const signed = Buffer.concat([authenticatorData, sha256(clientData)]);
    return JSON.stringify({
      ...this.#credential(spoiling),
      response: {
        clientDataJSON: base64url(clientData),
        authenticatorData: base64url(authenticatorData),
        signature: base64url(sign('sha256', signed, spoiling.signWith ?? this.#key.privateKey)),
      },
    });
  }

  #credential(spoiling: Spoiling) {
    const id = spoiling.id ?? base64url(this.id);
    return { id, rawId: id, type: 'public-key', clientExtensionResults: {} };
  }

  #clientData(type: string, challenge: string, spoiling: Spoiling): Buffer {
    const data = { type, challenge, origin: this.#origin, crossOrigin: false };
    return Buffer.from(
      JSON.stringify({
        ...data,
        ...(spoiling.type !== undefined && { type: spoiling.type }),
        ...(spoiling.origin !== undefined && { origin: spoiling.origin }),
        ...(spoiling.challenge !== undefined && { challenge: spoiling.challenge }),
      }),
    );
  }

  /** Authenticator data (§6.1): hash of the relying party, flags (user present, user verified), counter. */
  #data(rpId: string, spoiling: Spoiling, more: number): Buffer {
    const counter = Buffer.alloc(4);
    counter.writeUInt32BE(spoiling.counter ?? this.counter);
    const flags = 0x01 | (spoiling.userVerified === false ? 0 : 0x04) | more;
    return Buffer.concat([sha256(spoiling.rpId ?? rpId), Buffer.from([flags]), counter]);
  }
}

// As much CBOR (RFC 8949 §3) as an attestation needs.
function head(major: number, value: number): Buffer {
  if (value < 24) return Buffer.from([(major << 5) | value]);
  if (value < 256) return Buffer.from([(major << 5) | 24, value]);
  return Buffer.from([(major << 5) | 25, value >> 8, value & 255]);
}
const cborInt = (value: number): Buffer => (value >= 0 ? head(0, value) : head(1, -1 - value));
const cborBytes = (bytes: Buffer): Buffer => Buffer.concat([head(2, bytes.length), bytes]);
const cborText = (text: string): Buffer => Buffer.concat([head(3, text.length), Buffer.from(text)]);
const cborMap = (entries: readonly (readonly [Buffer, Buffer])[]): Buffer =>
  Buffer.concat([head(5, entries.length), ...entries.flat()]);
