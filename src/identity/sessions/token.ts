import { randomToken, Secret, sha256Hex } from '#kernel';

/**
 * What a browser or a command-line client holds: 256 random bits. Only the SHA-256 is kept, so what lies
 * in the database or a backup opens nothing.
 */
export const newToken = (): { readonly secret: Secret; readonly digest: string } => {
  const text = randomToken();
  return { secret: new Secret(text), digest: sha256Hex(text) };
};

// 43 characters of base64url; the last one carries four bits, so sixteen of them end a token of ours.
const TOKEN = /^[A-Za-z0-9_-]{42}[AEIMQUYcgkosw048]$/;

/** The digest of a presented token; undefined for what is no token of ours. One token, one spelling. */
export const presentedDigest = (text: string): string | undefined =>
  text.length === 43 && TOKEN.test(text) ? sha256Hex(text) : undefined;

const CLI_PREFIX = 'chs_';

/** The bearer form of a command-line session: `chs_` and the token. */
export const cliCredential = (token: string): Secret => new Secret(CLI_PREFIX + token);

/** The digest behind `Bearer chs_…`; undefined for anything else. */
export const presentedCliDigest = (credential: string): string | undefined =>
  credential.startsWith(CLI_PREFIX) ? presentedDigest(credential.slice(CLI_PREFIX.length)) : undefined;
