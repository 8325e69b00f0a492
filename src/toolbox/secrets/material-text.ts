/** What a secret is where one text is wanted. A kind without an answer does not belong there. */
import { Secret } from '#kernel';
import type { SecretMaterial } from '#contract';

/** A password, a key, a token. */
export function textOf(material: SecretMaterial): Secret | undefined {
  switch (material.kind) {
    case 'api-key':
      return material.key;
    case 'bearer':
      return material.token;
    case 'password':
    case 'basic':
      return material.password;
    case 'oauth-client':
    case 'mtls':
      return undefined;
  }
}

/** A private key in PEM: of a certificate, or kept as a password. */
export function privateKeyOf(material: SecretMaterial): Secret | undefined {
  if (material.kind === 'mtls') return material.privateKey;
  return material.kind === 'password' ? material.password : undefined;
}

/** A certificate in PEM. */
export function certificateOf(material: SecretMaterial): Secret | undefined {
  return material.kind === 'mtls' ? new Secret(material.certificate) : undefined;
}
