/** MCP servers that have an authorization server of their own, as those see them who keep tokens for them. */
import type { Secret } from '#kernel';
import type { McpServerDeclaration } from './config/configuration.ts';
import type { ServerOAuth } from './config/server-oauth.ts';

export interface ProtectedServer {
  readonly namespace: string;
  /** Of its document. */
  readonly name: string;
  /** For people; text, to be escaped where it is shown. */
  readonly displayName: string;
  /** The MCP endpoint. Tokens for the server are sent to it and nowhere else. */
  readonly url: string;
  readonly auth: ServerOAuth;
  /** What may be reached on the way, for the server and its authorization server alike: `reachFields`. */
  readonly reach: {
    readonly allowedIpRanges: readonly string[];
    readonly customBlockedIpRanges: readonly string[];
    readonly allowPrivateNetworks: boolean;
  };
}

/** As a document has it; undefined for a server whose requests are authorized in other ways. */
export function protectedServerOf(declaration: McpServerDeclaration): ProtectedServer | undefined {
  const { namespace, name, url, auth } = declaration;
  if (url === undefined || auth?.type !== 'oauth') return undefined;
  const { allowedIpRanges, customBlockedIpRanges, allowPrivateNetworks } = declaration;
  const reach = { allowedIpRanges, customBlockedIpRanges, allowPrivateNetworks };
  return { namespace, name, displayName: name, url, auth, reach };
}

/** Our own tokens for servers with `grant: client_credentials`; whoever knows their authorization servers has them. */
export interface OwnServerTokens {
  /** By the name of the upstream; another than `refused`. Rejects with a catalogued error where there is none. */
  ownToken(upstream: string, refused?: Secret): Promise<Secret>;
}

/**
 * What a server is called among upstreams, where tokens of people are kept by that name. No document has it: `~` is in
 * no name. It stands in `/oauth/callback/{upstream}`, unescaped.
 */
export const upstreamOfServer = ({ namespace, name }: Pick<ProtectedServer, 'namespace' | 'name'>): string =>
  `mcp~${namespace}~${name}`;

/** Of every name of an upstream, derived ones included. */
export const LONGEST_UPSTREAM_NAME = 4 + 128 + 1 + 128;
