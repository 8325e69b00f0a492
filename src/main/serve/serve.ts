/**
 * Starting and ending a server: configuration → state → toolbox → gateway → listeners, and back.
 */
import { resolve } from 'node:path';
import type { Writable } from 'node:stream';
import type { Deliveries } from '#audit';
import type { CliContext } from '#cli';
import { isLoopbackHost, publicUrlOf, unsafeBind, type SecretReader, type ServerSettings } from '#contract';
import {
  callLog,
  createGateway,
  lateMetrics,
  loopbackOnly,
  loadTelemetry,
  serveStdio,
  type Gateway,
  type Listener,
  type Metrics,
} from '#gateway';
import { localUser, type SignInServices } from '#identity';
import { checkRestored, claimDataDirectory, prepareDataDirectory } from '#db';
import { createLogger, reveal, type Logger, type LogFormat } from '#kernel';
import { openConfigured, type Configured } from '../configuration/open-configured.ts';
import { Endings } from '../endings.ts';
import { mainError } from '../errors.ts';
import type { ResourceServer } from '#resource-server';
import {
  bearerVerifier,
  lazySecrets,
  openResourceServer,
  openServices,
  toolSecrets,
  type Services,
} from '../services/index.ts';
import { readStateKey } from '../state-key.ts';
import { startDuties } from './duties.ts';
import { firstKey } from './first-key.ts';
import { lateApi } from './late-api.ts';
import { ownAuthorizationServer, warnOfUnused, type OwnAuthorizationServer } from './own-authorization-server.ts';
import { openAgentListener, openListener, urlOf } from './listeners.ts';
import { openListenerTls, type ListenerTls } from './listener-tls.ts';
import { claimStandardOutput } from './protocol-output.ts';
import { lateSignInPages, pagesOf } from './sign-in-pages.ts';
import { untilStopped } from './until-stopped.ts';
import { welcome } from './welcome.ts';
import type { ServeOptions } from './serve-command.ts';

export async function serve(options: ServeOptions, context: CliContext): Promise<void> {
  const dataDir = resolve(options.dataDir);
  let format: LogFormat = process.stderr.isTTY ? 'text' : 'json';
  const log = createLogger({ level: options.logLevel ?? 'info', format: () => format });
  // A module that forgot an `await` must not take everybody's calls with it.
  process.on('unhandledRejection', (reason) =>
    log.error({ event: 'rejection.unhandled', err: reason }, 'something failed that nobody waited for'),
  );
  // Before any module is loaded: it may print while it loads.
  const protocol = options.stdio === true ? claimStandardOutput() : undefined;
  const endings = new Endings();
  try {
    const vaultOpened = Promise.withResolvers<SecretReader>();
    const secrets = lazySecrets(() => vaultOpened.promise);
    const configured = await openConfigured(options, { context, log, dataDir, secrets });
    endings.add('toolbox', () => configured.close());
    const settings = withOptions(configured.settings, options);
    const unsafe = options.stdio === true ? undefined : unsafeBind(settings);
    if (unsafe !== undefined) throw mainError('BIND_UNSAFE', unsafe);
    log.level = options.logLevel ?? settings.log.level;
    format = settings.log.format ?? format;
    prepareDataDirectory(dataDir);
    checkRestored(dataDir);
    if (settings.database.type === 'sqlite' && options.stdio !== true) {
      // Not for one client's child process: several may stand beside each other, as commands do.
      const claim = claimDataDirectory(dataDir, context.clock);
      endings.add('data directory', () => claim.release());
    }
    const services = await openServices({
      ...{ dataDir, settings, log, endings },
      clock: context.clock,
      declared: () => configured.roleBindings(),
    });
    vaultOpened.resolve(toolSecrets(services.vault.reader, services.audit));
    const own =
      settings.publicUrl === undefined || options.stdio === true
        ? undefined
        : ownAuthorizationServer({
            ...{ services, secrets, log, endings, clock: context.clock, publicUrl: new URL(settings.publicUrl) },
            clients: () => configured.clients(),
            snapshot: () => configured.toolbox.current(),
          });
    warnOfUnused({ clients: configured.clients(), upstreams: configured.upstreams() }, own !== undefined, log);
    const resources = openResourceServer({
      ...{ services, secrets, env: context.env, clock: context.clock },
      declared: () => configured.authServices(),
      issuers: () => (own === undefined ? [] : [own.issuer]),
    });
    endings.add('resource server', () => resources.close());
    const deliveries =
      options.stdio === true ? undefined : startDuties({ ...context, services, settings, dataDir, log, endings });
    await run({
      options,
      context,
      log,
      dataDir,
      configured,
      settings,
      services,
      resources,
      own,
      deliveries,
      protocol,
      endings,
    });
  } finally {
    await endings.run(log);
  }
}

interface Running {
  readonly options: ServeOptions;
  readonly context: CliContext;
  readonly log: Logger;
  readonly dataDir: string;
  readonly configured: Configured;
  readonly settings: ServerSettings;
  readonly services: Services;
  readonly resources: ResourceServer;
  readonly own: OwnAuthorizationServer | undefined;
  /** What carries the audit log to its receivers. */
  readonly deliveries: Deliveries | undefined;
  /** Where the protocol goes with `--stdio`. */
  readonly protocol: Writable | undefined;
  readonly endings: Endings;
}

async function run(running: Running): Promise<void> {
  const { options, context, log, dataDir, configured, settings, services, resources, own, deliveries, endings } =
    running;
  let gateway: Gateway | undefined;
  const metrics =
    settings.metrics === false || options.stdio
      ? undefined
      : lateMetrics(() => gateway && { ...gateway.gauges, deliveries: async () => (await deliveries?.status()) ?? [] });
  const { otlpEndpoint: endpoint, serviceName } = settings.telemetry;
  const telemetry =
    endpoint === undefined ? undefined : await loadTelemetry({ endpoint, serviceName, version: context.version });
  if (telemetry !== undefined) endings.add('telemetry', () => telemetry.close());
  const tls = await openListenerTls(options.stdio ? {} : settings, { clock: context.clock, log, metrics, endings });

  const stateKey = readStateKey(dataDir);
  gateway = createGateway({
    toolbox: configured.toolbox,
    verifier: bearerVerifier(services.identity.keys, () => services.signIn().verifier, resources),
    resources,
    settings,
    stateKey,
    trail: services.audit,
    pages: pagesOf([...(own === undefined ? [] : [own.pages]), lateSignInPages(() => services.signIn(), log)]),
    tls: tls.all,
    api: lateApi(async () => {
      const { openApi } = await import('../services/open-api.ts');
      const { version, clock } = context;
      const api = await openApi(services, { version, settings, deliveries, dataDir, secret: stateKey, clock, log });
      const { openApiDoor } = await import('#http');
      return await openApiDoor(api, settings.limits);
    }),
    observers: [callLog(log), ...[metrics, telemetry].flatMap((one) => (one === undefined ? [] : [one.observer]))],
    version: context.version,
    clock: context.clock,
    log,
  });
  const { close: closeRecords } = gateway;
  endings.add('refusals that were counted', closeRecords);
  if (options.reload) {
    const watching = await configured.watch({
      pollSeconds: options.pollInterval,
      reloaded: (outcome) => {
        services.identity.declarationsChanged();
        metrics?.reloaded(outcome);
      },
    });
    endings.add('file watch', () => watching.close());
  }
  if (running.protocol !== undefined) await serveOneClient(gateway, running.protocol, running);
  else await serveMany(gateway, tls, metrics, running);
}

/** Over standard input and output: ends when the input does, or on a signal. */
async function serveOneClient(gateway: Gateway, output: Writable, running: Running): Promise<void> {
  const { options, configured, settings } = running;
  const principal = localUser({
    scopes: options.scope ?? [],
    ...(options.namespace !== undefined && { namespace: options.namespace }),
  });
  const place = () => configured.place(principal.namespace, options.toolset);
  place();
  const stop = new AbortController();
  void untilStopped().then(() => {
    gateway.drain();
    stop.abort();
  });
  await serveStdio({
    input: process.stdin,
    output,
    services: gateway.services,
    principal,
    place,
    maxLineBytes: settings.limits.maxBodyBytes,
    graceMs: settings.limits.shutdownGrace,
    stop: stop.signal,
  });
}

async function serveMany(
  gateway: Gateway,
  tls: ListenerTls,
  metrics: Metrics | undefined,
  running: Running,
): Promise<void> {
  const { options, context, log, configured, settings, services, resources } = running;
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
  const measured =
    metrics === undefined || settings.metrics === false
      ? undefined
      : await openMetrics(settings.metrics, metrics, running);
  const key =
    options.quickstart && configured.isQuickstart ? await firstKey(services.identity, context.clock.now()) : undefined;
  const url = urlOf(settings.host, listener.port, tls.public);
  const agentsUrl = agents && urlOf(agents.host, agents.port, tls.agents);
  const setupUrl = await setupLink(setup, publicUrl);
  context.stdout.write(
    welcome({
      version: context.version,
      url,
      ...configured.counts(),
      agentsUrl,
      metricsUrl: measured && `http://${measured.host}:${measured.port}/metrics`,
      key,
      setupUrl,
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
  await Promise.all([listener.close(shutdownGrace), agents?.close(shutdownGrace), measured?.close(0)]);
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

/** Options of the command line win over the document. */
function withOptions(settings: ServerSettings, options: ServeOptions): ServerSettings {
  return {
    ...settings,
    ...(options.host !== undefined && { host: options.host }),
    ...(options.port !== undefined && { port: options.port }),
  };
}
