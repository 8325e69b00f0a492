import type { TokenVerifier } from '#contract';

/** What sessions of the command line begin with; keys begin with `chk_`. */
const SESSION = 'chs_';

/** Bearer credentials of both kinds: API keys of agents, and sessions of people on the command line. */
export function bearerVerifier(keys: TokenVerifier, sessions: () => TokenVerifier): TokenVerifier {
  return {
    verify: (credential, peer) =>
      credential.startsWith(SESSION) ? sessions().verify(credential, peer) : keys.verify(credential, peer),
  };
}
