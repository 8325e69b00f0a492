/** An MCPServer as `kind: mcpServer` of whoever stands in front of it. */
import type { MCPServerSpec } from '#contract/kubernetes';
import type { ConfigurationDocument, DocumentValue } from '../parts/configuration-text.ts';
import type { Mounts } from '../parts/mounts.ts';
import { childName } from '../parts/names.ts';
import type { Planned } from '../plan.ts';
import { IN_CLUSTER } from './proxy.ts';

export const DEFAULT_PORT = 8080;

/** Where it is reached: its own Service, or where it is elsewhere. Undefined for one that is a child process. */
export function urlOfServer({ metadata, spec }: Planned<MCPServerSpec>): string | undefined {
  if (spec.url !== undefined) return spec.url;
  if (spec.transport === 'stdio') return undefined;
  const host = `${childName.server(metadata.name)}.${metadata.namespace}.svc`;
  return `http://${host}:${spec.port ?? DEFAULT_PORT}${spec.transport === 'sse' ? '/sse' : '/mcp'}`;
}

/** The fields of one that is reached at a URL. */
export function remoteEntry(
  server: Planned<MCPServerSpec>,
  said: { readonly name: string; readonly prefix?: string | undefined; readonly auth: DocumentValue },
  mounts: Mounts,
): ConfigurationDocument {
  const { spec } = server;
  return {
    ...commonEntry(spec, said),
    url: urlOfServer(server),
    transport: spec.transport,
    ...IN_CLUSTER,
    ...(spec.caBundleRef !== undefined && { tls: { ca: mounts.configMap(spec.caBundleRef) } }),
    auth: said.auth,
  };
}

export const commonEntry = (
  { protocol, tools }: MCPServerSpec,
  { name, prefix }: { readonly name: string; readonly prefix?: string | undefined },
): ConfigurationDocument => ({
  ...{ kind: 'mcpServer', name, prefix, protocol },
  ...(tools !== undefined && { tools: { only: tools.only, hide: tools.hide } }),
});
