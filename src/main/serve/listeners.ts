import type { AgentsBySpiffeId, ServerSettings } from '#contract';
import { AgentCertificates, listen, type Gateway, type Listener, type Metrics } from '#gateway';
import type { ClientTls, ServerTls } from '#tls';
import { mainError } from '../errors.ts';
import type { OwnAuthorizationServer } from './own-authorization-server.ts';

/** Opens a listener; throws `ADDRESS_UNAVAILABLE`. */
export async function openListener(options: Parameters<typeof listen>[0]): Promise<Listener> {
  try {
    return await listen(options);
  } catch (cause) {
    const { code } = cause as NodeJS.ErrnoException;
    const why = code === 'EADDRINUSE' ? 'another program listens there' : `the system says ${code ?? 'no'}`;
    throw mainError('ADDRESS_UNAVAILABLE', `cannot listen on \`${options.host}:${options.port}\`: ${why}`, { cause });
  }
}

/** The listener of agents that show a client certificate, where the settings ask for one. */
export async function openAgentListener(
  gateway: Gateway,
  { agentListener, limits }: ServerSettings,
  { tls, agents, metrics }: { tls: ClientTls | undefined; agents: AgentsBySpiffeId; metrics: Metrics | undefined },
): Promise<Listener | undefined> {
  if (tls === undefined || agentListener === undefined) return undefined;
  const { host, port } = agentListener;
  return openListener({
    ...{ host, port, tls, requestTimeoutMs: limits.requestTimeout },
    handler: gateway.agentHandler(new AgentCertificates(tls.clients, agents)),
    handshakeFailed: () => metrics?.handshakeFailed('agentListener'),
  });
}

/** The listener of owners that exchange tokens, where the settings ask for one. */
export async function openInternalListener(
  { internalListener, limits }: ServerSettings,
  parts: {
    readonly tls: ClientTls | undefined;
    readonly own: Pick<OwnAuthorizationServer, 'exchange'> | undefined;
    readonly metrics: Metrics | undefined;
  },
): Promise<Listener | undefined> {
  const { tls, own, metrics } = parts;
  if (tls === undefined || internalListener === undefined) return undefined;
  // The schema refuses the listener where there is no authorization server.
  if (own === undefined) throw new Error('`internalListener` has nobody to ask');
  const { host, port } = internalListener;
  return await openListener({
    ...{ host, port, tls, requestTimeoutMs: limits.requestTimeout },
    handler: (request, response) =>
      void own.exchange(request, response, {
        peers: tls.clients,
        answered: (outcome) => metrics?.exchanged(outcome),
      }),
    handshakeFailed: () => metrics?.handshakeFailed('internalListener'),
  });
}

/** Where clients find a listener: by a name in its certificate when its address says nothing. */
export function urlOf(host: string, port: number, tls: ServerTls | undefined): string {
  const isAnyAddress = host === '0.0.0.0' || host === '::';
  const name = isAnyAddress ? (tls?.names().find((one) => !one.includes('*')) ?? host) : host;
  return `${tls === undefined ? 'http' : 'https'}://${name.includes(':') ? `[${name}]` : name}:${port}`;
}

/** Where agents find theirs: as it is configured, or as the listener itself can say. */
export const agentsUrlOf = ({ agentListener }: Pick<ServerSettings, 'agentListener'>, listening: string): URL =>
  new URL(agentListener?.publicUrl ?? listening);
