import type { TokenVerifier } from '#contract';

/** What API keys begin with, and sessions of the command line; nothing else that begins so is a token. */
const KEY = 'chk_';
const SESSION = 'chs_';

/**
 * Bearer credentials of every kind: API keys of agents, sessions of people on the command line, and access
 * tokens of issuers. What a credential is decides who is asked, so no token is shown to a stranger.
 */
export function bearerVerifier(
  keys: TokenVerifier,
  sessions: () => TokenVerifier,
  tokens: TokenVerifier,
): TokenVerifier {
  return {
    verify(credential, peer) {
      if (credential.startsWith(KEY)) return keys.verify(credential, peer);
      return credential.startsWith(SESSION) ? sessions().verify(credential, peer) : tokens.verify(credential, peer);
    },
  };
}
