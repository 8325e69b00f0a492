/** The options of a proxy as the documents that they stand for. */
import { isLoopbackHost } from '#contract';
import { err, ok, type JsonObject, type Result } from '#kernel';
import { starterPolicy } from './starter-policy.ts';

/** What somebody wants of a proxy; texts as they were written, `undefined` for what was left out. */
export interface ProxyWish {
  /** The back end: where it is, or what is started. */
  readonly upstream?: string | undefined;
  /** An absolute path, and arguments. */
  readonly command?: readonly [string, ...string[]] | undefined;
  /** Variables of our environment that the process gets. */
  readonly env?: readonly string[];
  /** What clients know the proxy as (RFC 8707): a URL that ends in `/mcp`. */
  readonly resource: string;
  readonly issuer: string;
  /** A file with the authorities that vouch for it, where those are not the system's. */
  readonly issuerCa?: string | undefined;
  readonly audience?: string | undefined;
  /** The internal listener of the authorization server; no token of the caller goes to the back end without it. */
  readonly exchange?: ExchangeWish | undefined;
  readonly tls?: { readonly certificate: string; readonly key: string } | undefined;
  readonly tlsTerminatedBy?: string | undefined;
  /** Whether a configuration says who may call. */
  readonly hasPolicies: boolean;
}

export interface ExchangeWish {
  readonly url: string;
  /** The name of the upstream at the authorization server. */
  readonly upstreamName: string;
  readonly owner: string;
  readonly certificate?: string | undefined;
  readonly key?: string | undefined;
  readonly ca?: string | undefined;
  /** The address of a SPIFFE Workload API, for what the three leave out. */
  readonly workloadApi?: string | undefined;
  readonly serverSpiffeId?: string | undefined;
  /** The header that the token goes into; `Authorization` without it. */
  readonly header?: string | undefined;
}

/** What policies, limits and the record call the back end. */
export const BACK_END = 'upstream';

/** The documents, or what of the options cannot be. What a document itself cannot be its schema says. */
export function proxyDocuments(wish: ProxyWish): Result<readonly JsonObject[], readonly string[]> {
  const { issuer, issuerCa, resource, audience, hasPolicies } = wish;
  const faults = faultsOf(wish);
  if (faults.length > 0) return err(faults);
  return ok([
    serverOf(wish),
    {
      ...{ kind: 'authService', name: 'issuer', type: 'generic', mcpEnabled: true },
      ...{ authorizationServer: issuer, audience: audience ?? resource },
      // Whoever starts the proxy named it: that is no address that a stranger could choose.
      allowPrivateNetworks: true,
      ...(issuerCa !== undefined && { tls: { ca: issuerCa } }),
    },
    backEndOf(wish),
    ...(hasPolicies ? [] : [starterPolicy({ issuer, server: BACK_END })]),
  ]);
}

function faultsOf({ upstream, command, env = [], resource, exchange }: ProxyWish): readonly string[] {
  const faults: string[] = [];
  if ((upstream === undefined) === (command === undefined))
    faults.push('the back end is at its `--upstream`, or a command after `--`: give one of the two');
  const url = URL.parse(resource);
  // The door of everything: a token for it opens that and nothing beside it.
  if (url === null || url.pathname !== '/mcp' || url.search !== '' || url.hash !== '')
    faults.push(`\`--resource ${resource}\` is no URL that ends in \`/mcp\`, where a proxy is reached`);
  if (upstream === undefined) {
    if (exchange !== undefined)
      faults.push('`--exchange` is for an `--upstream`: a child process is sent no header that a token could go into');
  } else {
    if (env.length > 0) faults.push('`--env` is for a command after `--`');
    const at = URL.parse(upstream);
    if (exchange !== undefined && at?.protocol === 'http:' && !isLoopbackHost(at.hostname))
      faults.push(`\`--upstream ${upstream}\` would get tokens of people in the clear: use https`);
  }
  return faults;
}

function serverOf({ resource, command, exchange, issuer, tls, tlsTerminatedBy }: ProxyWish): JsonObject {
  return {
    kind: 'server',
    publicUrl: new URL(resource).origin,
    ...(tls !== undefined && { tls }),
    ...(tlsTerminatedBy !== undefined && { tlsTerminatedBy }),
    ...(command !== undefined && { mcpServers: { commands: [command[0]] } }),
    ...(exchange !== undefined && { exchange: exchangeOf(exchange, issuer) }),
  };
}

function exchangeOf(wish: ExchangeWish, issuer: string): JsonObject {
  const { url, owner, certificate, key, ca, workloadApi, serverSpiffeId } = wish;
  const said = Object.entries({ certificate, key, ca, workloadApi, serverSpiffeId });
  return {
    url,
    issuer,
    owner,
    ...Object.fromEntries(said.flatMap(([field, value]) => (value === undefined ? [] : [[field, value]]))),
  };
}

function backEndOf({ upstream, command, env = [], exchange }: ProxyWish): JsonObject {
  const named = { kind: 'mcpServer', name: BACK_END, prefix: '' };
  if (command !== undefined) {
    const [program, ...args] = command;
    return { ...named, command: program, args, env: Object.fromEntries(env.map((name) => [name, `\${${name}}`])) };
  }
  return {
    ...{ ...named, url: upstream ?? '', allowPrivateNetworks: true },
    ...(exchange !== undefined && { auth: authOf(exchange) }),
  };
}

function authOf({ upstreamName, header }: ExchangeWish): JsonObject {
  const isUsual = header === undefined || header.toLowerCase() === 'authorization';
  return { type: 'upstream', upstream: upstreamName, ...(!isUsual && { name: header }) };
}
