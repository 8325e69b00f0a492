/** What `auth:` says before anything is opened: for the checks of a configuration, and for what is shown of it. */
import type { OutgoingAuthConfig, ServerOAuth, SourceCredential } from '#contract';
import { stsEndpointOf } from './tokens/assume-role.ts';
import { SIGNED_FIELDS } from './ways/aws-sts.ts';
import { DEFAULT_KEY_HEADER } from './ways/static-secret.ts';

type Config = OutgoingAuthConfig | undefined;
type Type = NonNullable<OutgoingAuthConfig['type']>;

/** A document without `type` names a secret. */
const typeOf = (auth: Config): Type => (auth === undefined ? 'none' : (auth.type ?? 'secret'));

const nameIn = (auth: Config): string | undefined => (auth !== undefined && 'name' in auth ? auth.name : undefined);

/** The lower-case names of the header fields that it may fill: nobody else's value may stand there. */
export function filledHeaders(auth: Config): ReadonlySet<string> {
  switch (typeOf(auth)) {
    case 'none':
      return new Set();
    case 'secret': {
      const key = filledParameter(auth) === undefined ? [(nameIn(auth) ?? DEFAULT_KEY_HEADER).toLowerCase()] : [];
      return new Set(['authorization', ...key]);
    }
    case 'clientCredentials':
      return new Set(['authorization']);
    case 'awsSts':
      return new Set(SIGNED_FIELDS);
    case 'clientCertificate':
      return new Set();
    case 'upstream':
    case 'tokenExchange':
    case 'idJag':
      return new Set(['authorization', (nameIn(auth) ?? 'authorization').toLowerCase()]);
  }
}

/** The query parameter that it fills. */
export const filledParameter = (auth: Config): string | undefined =>
  auth !== undefined && 'in' in auth && auth.in === 'query' ? auth.name : undefined;

/** The endpoints where it fetches what it sends, by the field that names each. */
export function tokenEndpoints(auth: Config): readonly { readonly path: readonly string[]; readonly url: string }[] {
  if (auth?.type === 'awsSts') return [{ path: ['stsEndpoint'], url: stsEndpointOf(auth) }];
  if (auth === undefined || !('tokenUrl' in auth) || auth.tokenUrl === undefined) return [];
  const own = { path: ['tokenUrl'], url: auth.tokenUrl };
  return 'target' in auth ? [own, { path: ['target', 'tokenUrl'], url: auth.target.tokenUrl }] : [own];
}

/** The identity provider whose tokens of callers it needs; undefined where it needs nobody's. */
export const neededUpstream = (auth: Config): string | undefined =>
  auth !== undefined && 'upstream' in auth ? auth.upstream : undefined;

/** How a source with it proves itself, as a tool's foundation says. */
export function sourceWay(auth: Config | ServerOAuth): SourceCredential['way'] {
  if (auth?.type === 'oauth') return auth.grant === 'client_credentials' ? 'vault' : 'caller';
  switch (typeOf(auth)) {
    case 'none':
      return 'none';
    case 'secret':
      return filledParameter(auth) === undefined ? 'vault' : 'query';
    case 'clientCredentials':
      return 'vault';
    case 'clientCertificate':
      return 'vault';
    case 'awsSts':
      return neededUpstream(auth) === undefined ? 'vault' : 'caller';
    case 'upstream':
    case 'tokenExchange':
    case 'idJag':
      return 'caller';
  }
}
