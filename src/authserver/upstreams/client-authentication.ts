import { createPrivateKey, type KeyObject, type webcrypto } from 'node:crypto';
import type * as OpenidClient from 'openid-client';
import { reveal, Secret } from '#kernel';
import type { SecretHolder, SecretMaterial, SecretReader, SecretValue } from '#contract';
import { upstreamError } from './errors.ts';
import type { Upstream } from './upstream.ts';

/**
 * How we show a provider who we are. A secret of the vault is read each time: its rotation takes effect with
 * the next request, and a disabled one is not used again.
 */
export async function clientAuthentication(
  client: typeof OpenidClient,
  upstream: Pick<Upstream, 'name' | 'namespace' | 'client'>,
  secrets: SecretReader,
  connection: string,
  announced: readonly string[] | undefined,
): Promise<OpenidClient.ClientAuth> {
  const { id, secret, privateKey, keyId, authentication } = upstream.client;
  if (authentication === 'none') return client.None();
  const holder = { namespace: upstream.namespace, by: `upstream \`${upstream.name}\``, connection };
  if (privateKey !== undefined) {
    const key = signingKey(await textOf(privateKey, secrets, holder, id), upstream.name);
    return client.PrivateKeyJwt(keyId === undefined ? key : { key, kid: keyId });
  }
  if (secret === undefined) throw refused(upstream.name, 'it has neither a secret nor a key');
  const text = reveal(await textOf(secret, secrets, holder, id));
  if (text === '') throw refused(upstream.name, 'the secret is empty');
  // OpenID Connect Discovery §3: without a word of it, `client_secret_basic`.
  const method =
    authentication ?? (announced?.includes('client_secret_basic') === false ? 'client_secret_post' : undefined);
  return method === 'client_secret_post' ? client.ClientSecretPost(text) : clientSecretBasic(text);
}

/**
 * Both parts are form-encoded (RFC 6749 §2.3.1), as browsers encode forms: `-`, `.` and `_` stay. The library escapes
 * these too, and a provider that compares without decoding does not know the client then.
 */
const clientSecretBasic =
  (secret: string): OpenidClient.ClientAuth =>
  (_server, { client_id: id }, _body, headers) => {
    const pair = Buffer.from(`${formEncoded(id)}:${formEncoded(secret)}`);
    headers.set('authorization', `Basic ${pair.toString('base64')}`);
  };

const formEncoded = (text: string): string => new URLSearchParams({ '': text }).toString().slice(1);

async function textOf(
  value: SecretValue,
  secrets: SecretReader,
  holder: SecretHolder,
  clientId: string,
): Promise<Secret> {
  if (value instanceof Secret) return value;
  const { material } = await secrets.read(value, holder);
  const text = secretOf(material, clientId);
  if (text !== undefined) return text;
  const name = `secret://${value.namespace}/${value.name}`;
  throw upstreamError(
    'UPSTREAM_CLIENT_REFUSED',
    material.kind === 'oauth-client'
      ? `\`${name}\` is of another client than \`${clientId}\``
      : `\`${name}\` is of the kind \`${material.kind}\`, which is no secret of a client`,
  );
}

function secretOf(material: SecretMaterial, clientId: string): Secret | undefined {
  switch (material.kind) {
    case 'password':
      return material.password;
    case 'api-key':
      return material.key;
    case 'bearer':
      return material.token;
    case 'oauth-client':
      return material.clientId === clientId ? material.clientSecret : undefined;
    case 'mtls':
      return material.privateKey;
    case 'basic':
      return undefined;
  }
}

type Algorithm = Parameters<KeyObject['toCryptoKey']>[0];

/** The key as WebCrypto has it, for the algorithm that its kind is used with. */
function signingKey(pem: Secret, name: string): webcrypto.CryptoKey {
  let key: KeyObject;
  try {
    key = createPrivateKey(reveal(pem));
  } catch {
    // Without the cause, which might repeat the key.
    throw refused(name, '`privateKey` is no private key in PEM');
  }
  return key.toCryptoKey(algorithmOf(key, name), false, ['sign']);
}

function algorithmOf(key: KeyObject, name: string): Algorithm {
  const { namedCurve, modulusLength = 0 } = key.asymmetricKeyDetails ?? {};
  if (key.asymmetricKeyType === 'ed25519') return { name: 'Ed25519' };
  if (key.asymmetricKeyType === 'rsa' && modulusLength >= 2048) return { name: 'RSASSA-PKCS1-v1_5', hash: 'SHA-256' };
  if (key.asymmetricKeyType === 'ec' && namedCurve === 'prime256v1') return { name: 'ECDSA', namedCurve: 'P-256' };
  throw refused(name, '`privateKey` is none of Ed25519, P-256 and RSA of 2048 bits and more');
}

const refused = (name: string, why: string): Error =>
  upstreamError('UPSTREAM_CLIENT_REFUSED', `the client of the upstream \`${name}\` cannot authenticate: ${why}`);
