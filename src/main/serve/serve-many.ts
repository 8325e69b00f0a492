import { isLoopbackHost, publicUrlOf } from '#contract';
import { loopbackOnly, type Gateway, type Listener, type Metrics, type Siblings } from '#gateway';
import type { SignInServices } from '#identity';
import { reveal } from '#kernel';
import { firstKey } from './first-key.ts';
import { agentsUrlOf, openAgentListener, openInternalListener, openListener, urlOf } from './listeners.ts';
import type { ListenerTls } from './listener-tls.ts';
import { untilStopped } from './until-stopped.ts';
import { proxyWelcome, welcome } from './welcome.ts';
import type { Running } from './running.ts';

/** Over listeners, until a signal: opens them, says where they are, and lets running calls end. */
export async function serveMany(
  gateway: Gateway,
  tls: ListenerTls,
  metrics: Metrics | undefined,
  running: Running & { readonly siblings: Siblings | undefined },
): Promise<void> {
  const { options, context, log, configured, settings, services, resources, siblings } = running;
  // Before the first session that another server may be asked about.
  await siblings?.join();
  const listener = await openListener({
    ...{ host: settings.host, port: settings.port, handler: gateway.handler, tls: tls.public },
    requestTimeoutMs: settings.limits.requestTimeout,
    handshakeFailed: () => metrics?.handshakeFailed('tls'),
  });
  // Before anything else is waited for: the first request may be a person's.
  const publicUrl = publicUrlOf(settings, listener.port);
  resources.reachedAt(publicUrl);
  const { setup } = services.signIn(publicUrl);
  const agents = await openAgentListener(gateway, settings, {
    tls: tls.agents,
    agents: services.identity.certificates,
    metrics,
  });
  const agentsUrl = agents && agentsUrlOf(settings, urlOf(agents.host, agents.port, tls.agents));
  resources.reachedAt(publicUrl, agentsUrl);
  running.agentsReached(agentsUrl);
  const internal = await openInternalListener(settings, { tls: tls.internal, own: running.own, metrics });
  const measured =
    metrics === undefined || settings.metrics === false
      ? undefined
      : await openMetrics(settings.metrics, metrics, running);
  const key =
    options.quickstart && configured.isQuickstart ? await firstKey(services.identity, context.clock.now()) : undefined;
  const url = urlOf(settings.host, listener.port, tls.public);
  const setupUrl = running.isProxy ? undefined : await setupLink(setup, publicUrl);
  context.stdout.write(
    (running.isProxy ? proxyWelcome : welcome)({
      version: context.version,
      url,
      ...configured.counts(),
      agentsUrl: agentsUrl?.origin,
      internalUrl: internal && urlOf(internal.host, internal.port, tls.internal),
      metricsUrl: measured && `http://${measured.host}:${measured.port}/metrics`,
      key,
      setupUrl,
      signsIn: running.own !== undefined,
    }),
  );
  log.info({ event: 'serving', url, ...configured.counts() }, 'serving');

  const signal = await untilStopped();
  log.info(
    { event: 'ending', signal, running: gateway.gauges.running() },
    'ending: new calls are refused, running ones may end',
  );
  gateway.drain();
  const { shutdownGrace } = settings.limits;
  const left = siblings
    ?.leave()
    .catch((error: unknown) => log.warn({ err: error }, 'the list of replicas still has this one'));
  const closing = [listener, agents, internal].map((one) => one?.close(shutdownGrace));
  await Promise.all([...closing, measured?.close(0), left]);
  log.info({ event: 'ended' }, 'ended');
}

/** The link for the first administrator, anew at each start for as long as there is none. */
async function setupLink(setup: SignInServices['setup'], publicUrl: URL): Promise<string | undefined> {
  const actor = { kind: 'system', iss: 'chatelaine', sub: 'system', name: 'system' } as const;
  const token = await setup.issue({ door: 'system', actor }, { reissue: false });
  return token && new URL(`/console/setup?token=${reveal(token)}`, publicUrl).href;
}

/**
 * The metrics listener. A port that somebody chose must be had; the default one need not: a second
 * server on a laptop serves without it, and says so.
 */
async function openMetrics(
  place: { host: string; port: number },
  metrics: Metrics,
  { log, settings }: Running,
): Promise<Listener | undefined> {
  try {
    return await openListener({
      ...place,
      handler: isLoopbackHost(place.host) ? loopbackOnly(metrics.handler) : metrics.handler,
      requestTimeoutMs: settings.limits.requestTimeout,
    });
  } catch (error) {
    if (place.port !== DEFAULT_METRICS_PORT) throw error;
    log.warn(
      { event: 'metrics.unavailable', ...place },
      'the default metrics port is taken; serving without metrics (`metrics:` of `kind: server` names another)',
    );
    return undefined;
  }
}

const DEFAULT_METRICS_PORT = 7421;
