/** Whose tokens open an owner, and where those of callers are exchanged. */
import type { PlanFault, Planned } from '../plan.ts';
import type { ConfigurationDocument, DocumentValue } from '../parts/configuration-text.ts';
import type { Mounts } from '../parts/mounts.ts';
import type { AuthServerFacts, ExternalAuth, OwnerCertificates } from './facts.ts';
import { isOfCallers } from './outgoing-auth.ts';

interface OwnerSpec {
  readonly resourceUrl: string;
}

export interface Access {
  readonly authService: ConfigurationDocument;
  readonly issuer: string;
  readonly exchange?: DocumentValue;
  /** The internal listener of an authorization server that the operator does not run. */
  readonly urls: readonly string[];
  readonly faults: readonly PlanFault[];
}

interface AccessInput {
  readonly resource: Planned<OwnerSpec>;
  readonly authServer: AuthServerFacts | undefined;
  readonly externals: readonly { readonly external: ExternalAuth; readonly path: string }[];
  readonly certificates: OwnerCertificates;
  readonly mounts: Mounts;
}

/** The door of everything is the one of a proxy. */
export const doorFaults = ({ spec }: Planned<OwnerSpec>): readonly PlanFault[] =>
  /^\/mcp\/?$/.test(new URL(spec.resourceUrl).pathname)
    ? []
    : [
        {
          path: 'spec.resourceUrl',
          message: 'a proxy answers at `/mcp` of its host: give it a host of its own, and a URL that ends so',
        },
      ];

/** As tokens have it in `aud`, and metadata say it. */
export const audienceOf = ({ spec }: Planned<OwnerSpec>): string => spec.resourceUrl.replace(/\/+$/, '');

export function accessOf(input: AccessInput): Access {
  const { resource, authServer, externals, mounts } = input;
  const faults: PlanFault[] = [...doorFaults(resource)];
  const fault = (path: string, message: string): unknown => faults.push({ path, message });
  const sources = externals.flatMap(({ external, path }) =>
    isOfCallers(external.spec) ? [{ path, spec: external.spec, name: external.name }] : [],
  );
  const elsewhere = sources.find(({ spec }) => spec.url !== undefined);
  for (const { path, name, spec } of sources) {
    const { authServerRef: ref } = spec;
    const isOurs =
      ref !== undefined &&
      ref.name === authServer?.name &&
      (ref.namespace ?? resource.metadata.namespace) === authServer.namespace;
    if (ref !== undefined && !isOurs)
      fault(
        path,
        `\`${name}\` takes tokens of callers from \`${ref.name}\`, and these come with tokens of another authorization server`,
      );
    if (spec.url !== undefined && authServer !== undefined && spec.issuer !== authServer.issuer)
      fault(
        path,
        `\`${name}\` takes tokens of callers from \`${spec.issuer}\`, and these come with tokens of \`${authServer.issuer}\``,
      );
    if (spec.url !== elsewhere?.spec.url)
      fault(
        path,
        `tokens of callers come from one authorization server: \`${name}\` names another than \`${elsewhere?.name}\``,
      );
  }
  const issuer = authServer?.issuer ?? elsewhere?.spec.issuer ?? '';
  if (issuer === '') fault('spec.authServerRef', 'nothing says whose tokens open it');
  const issuerBundle = authServer?.issuerBundle;
  const authService: ConfigurationDocument = {
    ...{ kind: 'authService', name: 'issuer', type: 'generic', mcpEnabled: true },
    ...{ authorizationServer: issuer, audience: audienceOf(resource) },
    // Whoever made the MCPAuthServer named it: that is no address that a stranger could choose.
    allowPrivateNetworks: true,
    ...(issuerBundle !== undefined && { tls: { ca: mounts.configMap(issuerBundle) } }),
  };
  return {
    ...{ authService, issuer, faults },
    urls: [issuer, elsewhere?.spec.url ?? ''].filter((url) => url !== ''),
    ...(sources.length > 0 && { exchange: exchangeOf(input, issuer, elsewhere?.spec) }),
  };
}

interface Elsewhere {
  readonly url?: string | undefined;
  readonly caBundleRef?: { readonly name: string; readonly key: string } | undefined;
  readonly serverSpiffeId?: string | undefined;
  readonly clientCert?: { readonly secretRef?: { readonly name: string } | undefined } | undefined;
}

function exchangeOf(
  { resource, authServer, certificates, mounts }: AccessInput,
  issuer: string,
  elsewhere: Elsewhere | undefined,
): DocumentValue {
  const { namespace, name } = resource.metadata;
  const who = { issuer, owner: `${namespace}/${name}` };
  if (elsewhere === undefined)
    return {
      ...{ url: authServer?.internalUrl, ...who, serverSpiffeId: authServer?.serverSpiffeId },
      certificate: mounts.ownSecret({ name: certificates.client, key: 'tls.crt' }),
      key: mounts.ownSecret({ name: certificates.client, key: 'tls.key' }),
      ca: authServer && mounts.configMap(authServer.bundle),
    };
  const { url, caBundleRef, serverSpiffeId, clientCert } = elsewhere;
  const shown = clientCert?.secretRef?.name;
  const file = (key: string): string | undefined =>
    shown === undefined ? undefined : mounts.secret({ name: shown, key }, 'spec.externalAuthConfigRef');
  return {
    ...{ url, ...who, serverSpiffeId, ca: caBundleRef && mounts.configMap(caBundleRef) },
    ...{ certificate: file('tls.crt'), key: file('tls.key') },
  };
}
