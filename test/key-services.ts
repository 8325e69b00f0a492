import { createCipheriv, createDecipheriv, randomBytes } from 'node:crypto';
import { createServer, type IncomingMessage, type RequestListener } from 'node:http';
import { createServer as createTlsServer } from 'node:https';
import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import { text } from 'node:stream/consumers';
import { onTestFinished } from 'vitest';
import type { HttpPost } from '#vault';
import type { TestCertificate } from './certificates.ts';

/** The port over the platform's fetch. */
export const http: HttpPost = (url, request) => fetch(url, request);

interface Answer {
  readonly status: number;
  readonly body: unknown;
}

/** A key service for tests: what it answers, and every request that came. */
export interface KeyService {
  readonly address: string;
  readonly requests: { readonly url: string; readonly headers: IncomingMessage['headers']; readonly body: string }[];
  /** Answers this instead of working, until called with nothing. */
  answerWith(answer?: (request: { readonly body: string }) => { readonly status: number; readonly body: string }): void;
  /** Adds a version to a key, or makes the key. */
  rotate(key: string): void;
}

async function startService(
  answer: (request: { url: string; headers: IncomingMessage['headers']; fields: Record<string, string> }) => Answer,
  rotate: (key: string) => void,
  certificate: TestCertificate | undefined,
): Promise<KeyService> {
  const requests: KeyService['requests'] = [];
  let override: Parameters<KeyService['answerWith']>[0];
  const listener: RequestListener = (request, response) => {
    void text(request).then((body) => {
      const { url = '', headers } = request;
      requests.push({ url, headers, body });
      const { status, body: reply } =
        override?.({ body }) ?? stringify(answer({ url, headers, fields: JSON.parse(body) as Record<string, string> }));
      response.writeHead(status, { 'content-type': 'application/json', location: '/elsewhere' }).end(reply);
    });
  };
  const server =
    certificate === undefined
      ? createServer(listener)
      : createTlsServer({ cert: certificate.cert, key: certificate.key }, listener);
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  onTestFinished(() => {
    server.closeAllConnections();
    server.close();
  });
  const { port } = server.address() as AddressInfo;
  const scheme = certificate === undefined ? 'http' : 'https';
  return { address: `${scheme}://127.0.0.1:${port}`, requests, rotate, answerWith: (next) => (override = next) };
}

const stringify = ({ status, body }: Answer) => ({ status, body: JSON.stringify(body) });

/** Speaks the Transit engine's protocol: versions of named keys, AES-256-GCM with associated data. */
export async function startTransit(
  token: string,
  mount = 'transit',
  certificate?: TestCertificate,
): Promise<KeyService> {
  const keys = new Map<string, Buffer[]>();
  return await startService(
    ({ url, headers, fields }) => {
      if (headers['x-vault-token'] !== token) return { status: 403, body: { errors: ['permission denied'] } };
      const [, action = '', name = ''] = new RegExp(`^/v1/${mount}/(encrypt|decrypt)/([^/?]+)$`).exec(url) ?? [];
      const versions = keys.get(decodeURIComponent(name));
      const aad = Buffer.from(fields['associated_data'] ?? '', 'base64');
      if (action === '') return { status: 404, body: { errors: [`no handler for route "${url}"`] } };
      if (versions === undefined) return { status: 400, body: { errors: ['encryption key not found'] } };
      if (action === 'encrypt') {
        const bytes = encrypt(versions.at(-1) as Buffer, Buffer.from(fields['plaintext'] ?? '', 'base64'), aad);
        const ciphertext = `vault:v${versions.length}:${bytes.toString('base64')}`;
        return { status: 200, body: { request_id: 'r', data: { ciphertext, key_version: versions.length } } };
      }
      const [, version, encoded] = /^vault:v(\d+):(.+)$/.exec(fields['ciphertext'] ?? '') ?? [];
      const plaintext = decrypt(versions[Number(version) - 1], encoded, aad);
      if (plaintext === undefined) return { status: 400, body: { errors: ['invalid ciphertext'] } };
      return { status: 200, body: { request_id: 'r', data: { plaintext: plaintext.toString('base64') } } };
    },
    (key) => keys.set(key, [...(keys.get(key) ?? []), randomBytes(32)]),
    certificate,
  );
}

/** Speaks the JSON protocol of AWS KMS; signatures are a matter of their own test, with AWS's vectors. */
export async function startKms(certificate?: TestCertificate): Promise<KeyService> {
  const keys = new Map<string, Buffer>();
  return await startService(
    ({ headers, fields }) => {
      const fault = (type: string): Answer => ({
        status: 400,
        body: { __type: `com.amazonaws.kms#${type}`, message: 'no' },
      });
      if (!/^AWS4-HMAC-SHA256 Credential=\S+\/kms\/aws4_request, /.test(headers.authorization ?? '')) {
        return fault('MissingAuthenticationTokenException');
      }
      const key = keys.get(fields['KeyId'] ?? '');
      if (key === undefined) return fault('NotFoundException');
      const aad = Buffer.from(JSON.stringify(fields['EncryptionContext']));
      switch (headers['x-amz-target']) {
        case 'TrentService.Encrypt': {
          const bytes = encrypt(key, Buffer.from(fields['Plaintext'] ?? '', 'base64'), aad);
          return { status: 200, body: { CiphertextBlob: bytes.toString('base64'), KeyId: fields['KeyId'] } };
        }
        case 'TrentService.Decrypt': {
          const plaintext = decrypt(key, fields['CiphertextBlob'], aad);
          if (plaintext === undefined) return fault('InvalidCiphertextException');
          return { status: 200, body: { Plaintext: plaintext.toString('base64'), KeyId: fields['KeyId'] } };
        }
        default:
          return fault('UnknownOperationException');
      }
    },
    (key) => keys.set(key, randomBytes(32)),
    certificate,
  );
}

function encrypt(key: Buffer, plaintext: Buffer, aad: Buffer): Buffer {
  const nonce = randomBytes(12);
  const cipher = createCipheriv('aes-256-gcm', key, nonce).setAAD(aad);
  return Buffer.concat([nonce, cipher.update(plaintext), cipher.final(), cipher.getAuthTag()]);
}

function decrypt(key: Buffer | undefined, encoded: string | undefined, aad: Buffer): Buffer | undefined {
  const bytes = Buffer.from(encoded ?? '', 'base64');
  if (key === undefined || bytes.length < 28) return undefined;
  const decipher = createDecipheriv('aes-256-gcm', key, bytes.subarray(0, 12));
  decipher.setAAD(aad).setAuthTag(bytes.subarray(-16));
  try {
    return Buffer.concat([decipher.update(bytes.subarray(12, -16)), decipher.final()]);
  } catch {
    return undefined;
  }
}
