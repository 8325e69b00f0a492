/** A gateway in this process, as `serve` puts it together, whose callers sign in at an authorization server elsewhere. */
import type { GrantSource, Principal, SecretReader, TokenVerifier } from '#contract';
import { createGateway } from '#gateway';
import { operator } from '#identity';
import { reveal, silentLogger, type Clock, type Logger } from '#kernel';
import { Endings } from '#main';
import { cliContext } from '../../../test/cli-context.ts';
import { openConfigured } from '../configuration/index.ts';
import { exchangedGrants } from '../serve/exchanged-grants.ts';
import { openListener } from '../serve/listeners.ts';
import { bearerVerifier, openResourceServer, openServices, WorkloadApis } from '../services/index.ts';
import { workspace } from './server.fixture.ts';

export interface CallersGateway {
  readonly url: string;
  /** A key of an agent. */
  readonly agentKey: string;
  /** Where its state is. */
  readonly folder: string;
  close(): Promise<void>;
}

/** What is wrong with a gateway that somebody put together badly. */
export interface Hole {
  /** Who a caller is taken for. */
  readonly principal?: (principal: Principal) => Principal;
  /** What is put before whoever has the tokens of callers. */
  readonly grants?: (source: GrantSource) => GrantSource;
}

export interface GatewayParts {
  readonly clock: Clock;
  readonly secrets: SecretReader;
  readonly log?: Logger;
  readonly hole?: Hole;
}

/** `exchange` is in the document of the server. */
export async function openCallersGateway(
  documents: readonly object[],
  { clock, secrets, log = silentLogger, hole = {} }: GatewayParts,
): Promise<CallersGateway> {
  const place = workspace();
  const endings = new Endings();
  const { dataDir } = place;
  const file = place.write('gateway.yaml', documents.map((one) => JSON.stringify(one)).join('\n---\n'));
  const context = cliContext({ clock });
  const configured = await openConfigured({ config: file }, { context, log, dataDir, secrets, signsIn: () => true });
  endings.add('toolbox', () => configured.close());
  const { settings } = configured;
  const services = await openServices({
    ...{ dataDir, settings, log, endings, clock },
    declaredPolicies: () => configured.policies(),
  });
  const resources = openResourceServer({
    ...{ services, secrets, clock, env: {}, declared: () => configured.authServices() },
    sessionsOf: settings.exchange?.issuer,
  });
  endings.add('resource server', () => resources.close());
  if (settings.exchange === undefined) throw new Error('a gateway of these tests exchanges tokens');
  const exchanged = await exchangedGrants({
    ...{ settings: settings.exchange, metrics: undefined, clock, log, endings },
    workloads: new WorkloadApis({ clock, env: {}, log, endings }),
  });
  const { grants } = exchanged;
  const verifier = bearerVerifier(services.identity.keys, () => services.signIn().verifier, resources);
  const gateway = createGateway({
    ...{ toolbox: configured.toolbox, resources, settings, trail: services.audit, policies: services.policies },
    ...{ observers: [], version: '0', clock, log, exchange: exchanged.state },
    grants: { ...grants, source: hole.grants?.(grants.source) ?? grants.source },
    ...{ stateKey: Buffer.alloc(32, 7), maskKey: async () => Buffer.alloc(32, 7) },
    verifier: hole.principal === undefined ? verifier : mistaking(verifier, hole.principal),
  });
  const requestTimeoutMs = settings.limits.requestTimeout;
  const listener = await openListener({ host: '127.0.0.1', port: 0, handler: gateway.handler, requestTimeoutMs });
  const url = `http://127.0.0.1:${listener.port}`;
  resources.reachedAt(new URL(url));
  services.signIn(new URL(url));
  await configured.serversSettled(20_000);
  await services.identity.agents.create(operator(), { name: 'robot', roles: ['user'] });
  const made = await services.identity.keys.create(operator(), { agent: 'robot' });
  return {
    ...{ url, folder: place.folder, agentKey: reveal(made.secret) },
    async close() {
      gateway.drain();
      await listener.close(0);
      await gateway.close();
      await endings.close(log);
      place.remove();
    },
  };
}

const mistaking = (verifier: TokenVerifier, taken: (principal: Principal) => Principal): TokenVerifier => ({
  async verify(...shown) {
    const verified = await verifier.verify(...shown);
    return verified.ok ? { ok: true, value: taken(verified.value) } : verified;
  },
});
