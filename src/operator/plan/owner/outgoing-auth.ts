/** An MCPExternalAuthConfig as `auth:` of `kind: mcpServer`, with the secrets that it takes from files. */
import type { MCPExternalAuthConfigSpec } from '#contract/kubernetes';
import type { PlanFault } from '../plan.ts';
import type { DocumentValue } from '../parts/configuration-text.ts';
import type { Mounts } from '../parts/mounts.ts';
import type { AuthServerFacts, ExternalAuth } from './facts.ts';

/** An entry of `vault.mounted` of `kind: server`. */
export type MountedSecret = { readonly name: string; readonly kind: string } & Readonly<Record<string, string>>;

export interface Outgoing {
  readonly auth: DocumentValue;
  readonly mounted: readonly MountedSecret[];
  /** The upstream whose tokens of callers are taken. */
  readonly upstream?: string;
  /** Where tokens are fetched. */
  readonly urls: readonly string[];
  readonly faults: readonly PlanFault[];
}

type OfCallers = Extract<MCPExternalAuthConfigSpec, { type: 'authServer' | 'tokenExchange' | 'idJag' | 'awsSts' }>;

export const isOfCallers = (spec: MCPExternalAuthConfigSpec): spec is OfCallers =>
  ['authServer', 'tokenExchange', 'idJag', 'awsSts'].includes(spec.type);

interface OutgoingContext {
  readonly authServer: Pick<AuthServerFacts, 'upstreams'> | undefined;
  readonly mounts: Mounts;
  /** What refers to it, such as `spec.externalAuthConfigRef`. */
  readonly path: string;
}

export function outgoing(external: ExternalAuth | undefined, { authServer, mounts, path }: OutgoingContext): Outgoing {
  const faults: PlanFault[] = [];
  const fault = (message: string): unknown => faults.push({ path, message: `\`${external?.name}\`: ${message}` });
  if (external === undefined) return { auth: undefined, mounted: [], urls: [], faults };
  const { name, spec } = external;
  const mounted: MountedSecret[] = [];
  const vaultName = (word: string): string => `${name}.${word}`;
  const fromFile = (word: string, secret: Omit<MountedSecret, 'name'>): string => {
    mounted.push({ name: vaultName(word), ...secret } as MountedSecret);
    return `secret://default/${vaultName(word)}`;
  };
  const client = (ref: { readonly name: string; readonly key: string }, clientId: string, word: string): string =>
    fromFile(word, { kind: 'oauth-client', clientId, clientSecret: mounts.secret(ref, path) });
  const upstream = isOfCallers(spec) ? upstreamOf(spec, authServer?.upstreams, fault) : undefined;
  const withToken = { ...(upstream !== undefined && { upstream }) };

  switch (spec.type) {
    case 'none':
      return { auth: { type: 'none' }, mounted, urls: [], faults };
    case 'secret': {
      const file = mounts.secret(spec.secretRef, path);
      const secret = fromFile(
        'value',
        spec.name === undefined ? { kind: 'bearer', token: file } : { kind: 'api-key', key: file },
      );
      const where = spec.name === undefined ? {} : { in: 'header', name: spec.name };
      return { auth: { type: 'secret', secret, ...where }, mounted, urls: [], faults };
    }
    case 'clientCredentials': {
      if (spec.name !== undefined) fault('a token of our own goes into `Authorization`: leave `name` out');
      const { type, tokenUrl, scopes, audience, resource, clientAuthentication } = spec;
      const secret = client(spec.clientSecretRef, spec.clientId, 'client');
      return {
        auth: { type, secret, tokenUrl, scopes, audience, resource, clientAuthentication },
        mounted,
        urls: [tokenUrl],
        faults,
      };
    }
    case 'authServer':
      return { ...withToken, auth: { type: 'upstream', upstream, name: spec.name }, mounted, urls: [], faults };
    case 'tokenExchange': {
      const { type, tokenUrl, scopes, audience, resource, clientAuthentication, subject } = spec;
      if (subject === 'id_token') fault(NO_ID_TOKENS);
      const secret = client(spec.clientSecretRef, spec.clientId, 'client');
      const fields = { tokenUrl, scopes, audience, resource, clientAuthentication, subject, name: spec.name };
      return { ...withToken, auth: { type, upstream, secret, ...fields }, mounted, urls: [tokenUrl], faults };
    }
    case 'idJag':
      fault(NO_ID_TOKENS);
      return { ...withToken, auth: undefined, mounted, urls: [], faults };
    case 'awsSts': {
      const { type, roleArn, region, service, stsEndpoint, duration, subject = 'access_token' } = spec;
      if (subject === 'id_token') fault(NO_ID_TOKENS);
      const auth = { type, upstream, subject, roleArn, region, service, stsEndpoint, duration };
      return { ...withToken, auth, mounted, urls: stsEndpoint === undefined ? [] : [stsEndpoint], faults };
    }
    case 'clientCertificate': {
      const file = (key: string): string => mounts.secret({ ...spec.certificateRef, key }, path);
      return {
        auth: { type: spec.type, certificate: file('tls.crt'), key: file('tls.key') },
        mounted,
        urls: [],
        faults,
      };
    }
  }
}

const NO_ID_TOKENS =
  'an authorization server beside the proxy gives access tokens of callers and no ID tokens: take `subject: access_token` of `tokenExchange` or `awsSts`, or `authServer`';

function upstreamOf(
  spec: OfCallers,
  known: readonly string[] | undefined,
  fault: (message: string) => unknown,
): string | undefined {
  const { upstream } = spec;
  if (upstream !== undefined) {
    if (known !== undefined && !known.includes(upstream))
      fault(`the authorization server has no upstream \`${upstream}\`; it has \`${known.join('`, `')}\``);
    return upstream;
  }
  if (known?.length === 1) return known[0];
  fault(
    known === undefined
      ? 'nothing says whose tokens of callers are meant: name the `upstream`'
      : `the authorization server has several upstreams (\`${known.join('`, `')}\`): name the \`upstream\``,
  );
  return undefined;
}
