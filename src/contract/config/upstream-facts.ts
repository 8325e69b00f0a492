/** What follows from a `kind: upstream` document: who vouches for its people, what it is called, who signs in there. */
import type { UpstreamCommon } from './upstream.ts';

/** Who vouches for people who come from there: with the subject, it is what a user is known by. */
export function issuerOfUpstream(upstream: UpstreamCommon): string {
  switch (upstream.type) {
    case 'oidc':
    case 'okta':
      return upstream.issuer;
    case 'keycloak':
      return upstream.realm;
    case 'google':
      return 'https://accounts.google.com';
    case 'entra':
      return `https://login.microsoftonline.com/${upstream.tenant}/v2.0`;
    case 'gitlab':
      return upstream.url;
    case 'slack':
      return 'https://slack.com';
    case 'github':
      // As GitHub calls itself in its metadata.
      return `${upstream.url ?? 'https://github.com'}/login/oauth`;
    case 'oauth2':
      return upstream.issuer ?? new URL(upstream.tokenEndpoint).origin;
  }
}

const KNOWN_AS: Readonly<Partial<Record<UpstreamCommon['type'], string>>> = {
  entra: 'Microsoft',
  github: 'GitHub',
  gitlab: 'GitLab',
  google: 'Google',
  slack: 'Slack',
};

/** What people are shown of an upstream. */
export const displayNameOfUpstream = ({
  displayName,
  name,
  type,
}: Pick<UpstreamCommon, 'displayName' | 'name' | 'type'>): string => displayName ?? KNOWN_AS[type] ?? name;

/** The primary upstream, as people see it; undefined where they sign in with us. */
export function primaryProvider(
  upstreams: readonly UpstreamCommon[],
): { readonly displayName: string; readonly issuer: string } | undefined {
  const primary = primaryUpstream(upstreams);
  return primary && { displayName: displayNameOfUpstream(primary), issuer: issuerOfUpstream(primary) };
}

/** What the subject is made of. Two upstreams of one issuer must agree: else one could name the other's people. */
export function subjectOfUpstream(upstream: UpstreamCommon): string {
  if (upstream.type === 'oauth2') return upstream.fields.subject;
  return upstream.type === 'github' ? 'id' : 'sub';
}

/** The upstream that people sign in at, of all that are declared; undefined where they sign in with us. */
export function primaryUpstream<One extends Pick<UpstreamCommon, 'primary'>>(
  upstreams: readonly One[],
): One | undefined {
  const [only, ...others] = upstreams;
  const named = upstreams.find(({ primary }) => primary === true);
  return named ?? (others.length === 0 && only?.primary !== false ? only : undefined);
}
