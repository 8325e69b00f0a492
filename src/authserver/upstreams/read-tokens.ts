import type * as OpenidClient from 'openid-client';
import { Secret } from '#kernel';
import { upstreamError } from './errors.ts';
import type { TokenAnswer } from './provider.ts';

const LONGEST_TOKEN = 65_536;

/** What a token endpoint gave, which the library has checked. Throws `UPSTREAM_UNTRUSTED` for a token beyond all measure. */
export function readTokens(
  answer: OpenidClient.TokenEndpointResponse & OpenidClient.TokenEndpointResponseHelpers,
  { asked, upstream, now }: { readonly asked: readonly string[]; readonly upstream: string; readonly now: number },
): TokenAnswer {
  const { access_token, refresh_token, id_token, scope, expires_in } = answer;
  if ([access_token, refresh_token, id_token].some((token) => (token?.length ?? 0) > LONGEST_TOKEN))
    throw upstreamError('UPSTREAM_UNTRUSTED', `a token of the upstream \`${upstream}\` has more than 64 KiB`);
  const secret = (text: string | undefined) => (text === undefined || text === '' ? undefined : new Secret(text));
  return {
    tokens: {
      accessToken: new Secret(access_token),
      refreshToken: secret(refresh_token),
      idToken: secret(id_token),
      // GitHub separates them by commas.
      scopes: scope === undefined ? asked : scope.split(/[ ,]+/).filter((word) => word !== ''),
      expiresAt: expires_in === undefined ? undefined : now + expires_in * 1000,
    },
    claims: id_token === undefined ? undefined : answer.claims(),
  };
}
