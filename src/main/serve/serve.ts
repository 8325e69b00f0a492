/**
 * Starting and ending a server: configuration → state → toolbox → gateway → listeners, and back.
 */
import { resolve } from 'node:path';
import type { CliContext } from '#cli';
import { unsafeBind, type SecretReader, type ServerSettings } from '#contract';
import {
  callLog,
  coverLogText,
  createGateway,
  lateMetrics,
  loadTelemetry,
  validatedTools,
  type Gateway,
  type GatewayOptions,
} from '#gateway';
import { readMaskKey, readRoundsKey } from '#http';
import { readAssets } from '#identity';
import { checkRestored, claimDataDirectory, prepareDataDirectory } from '#db';
import { createLogger, type LogFormat } from '#kernel';
import { openConfigured } from '../configuration/index.ts';
import { Endings } from '../endings.ts';
import { mainError } from '../errors.ts';
import type { ResourceServer } from '#resource-server';
import type { ConfigurationInput } from '#toolbox';
import {
  bearerVerifier,
  lateCredentials,
  lazySecrets,
  openResourceServer,
  openServices,
  mountedSecrets,
  toolSecrets,
  vendableTools,
  WorkloadApis,
} from '../services/index.ts';
import { openRegistry } from '../registry/open-registry.ts';
import { readStateKey } from '../state-key.ts';
import { approvalStep } from '../services/approvals.ts';
import { servedApprovals } from './approvals.ts';
import { callFacts } from './call-facts.ts';
import { servedContainment } from './containment.ts';
import { decoys } from './decoys.ts';
import { startDuties } from './duties.ts';
import { takeHostKeys } from './host-keys.ts';
import { lateApi } from './late-api.ts';
import { lateNotices } from './late-notices.ts';
import {
  issuerUrl,
  ownAuthorizationServer,
  warnOfUnused,
  type OwnAuthorizationServer,
} from './own-authorization-server.ts';
import { openListenerTls } from './listener-tls.ts';
import { recordImage } from './record-image.ts';
import { claimStandardOutput } from './protocol-output.ts';
import { servedSiblings } from './siblings.ts';
import { lateSignInPages, pagesOf } from './sign-in-pages.ts';
import type { Running } from './running.ts';
import { serveMany } from './serve-many.ts';
import { endWithSignIns } from './signed-out.ts';
import { serveOneClient } from './serve-one-client.ts';
import type { ServeOptions } from './serve-command.ts';

/** What tells one command that serves from another. */
export interface ServeShape {
  /** Whether it is a proxy, which has no pages and no API. */
  readonly isProxy?: boolean;
  /** What the command line says of the configuration. */
  readonly beside?: ConfigurationInput;
}

export async function serve(options: ServeOptions, context: CliContext, shape: ServeShape = {}): Promise<void> {
  const isProxy = shape.isProxy === true;
  const dataDir = resolve(options.dataDir);
  let format: LogFormat = process.stderr.isTTY ? 'text' : 'json';
  const log = createLogger({ level: options.logLevel ?? 'info', format: () => format, cover: coverLogText });
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
    const ownOpened = Promise.withResolvers<OwnAuthorizationServer | undefined>();
    const workloads = new WorkloadApis({ clock: context.clock, env: context.env, log, endings });
    const configured = await openConfigured(options, {
      ...{
        context,
        log,
        dataDir,
        secrets,
        workloads,
        beside: shape.beside,
        serverTokens: async () => (await ownOpened.promise)?.serverTokens,
      },
      // At standard input nobody signs in, and a file may be shared with a server where people do: its calls say so.
      signsIn: (server) =>
        options.stdio === true ||
        server.exchange !== undefined ||
        (!isProxy && issuerUrl(withOptions(server, options)) !== undefined),
    });
    endings.add('toolbox', () => configured.close());
    const settings = withOptions(configured.settings, options);
    const unsafe = options.stdio === true ? undefined : unsafeBind(settings);
    if (unsafe !== undefined) throw mainError('BIND_UNSAFE', unsafe);
    log.level = options.logLevel ?? settings.log.level;
    format = settings.log.format ?? format;
    prepareDataDirectory(dataDir);
    if (options.hostKeys !== undefined) takeHostKeys(resolve(options.hostKeys), dataDir);
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
      declaredPolicies: () => configured.policies(),
      declaredLimits: () => configured.limits(),
      countsAlone: options.stdio === true,
    });
    vaultOpened.resolve(toolSecrets(mountedSecrets(services.vault.reader, settings.vault.mounted), services.audit));
    const { audit } = services;
    await recordImage(context.env, { audit, version: context.version, subject: isProxy ? 'proxy' : 'server' });
    const registry = await openRegistry({ ...services, settings, configured });
    const agentsReached = Promise.withResolvers<URL | undefined>();
    const publicUrl = options.stdio === true || isProxy ? undefined : issuerUrl(settings);
    const own =
      publicUrl === undefined
        ? undefined
        : ownAuthorizationServer({
            ...{ services, secrets, log, endings, publicUrl, clock: context.clock },
            isDefault: settings.publicUrl === undefined,
            agentsUrl: () => agentsReached.promise,
            settings: settings.authorizationServer,
            internal: settings.internalListener,
            theme: settings.theme,
            declared: configured,
            protectedServers: () => configured.protectedServers(),
            snapshot: () => configured.toolbox.current(),
          });
    ownOpened.resolve(own);
    if (own !== undefined) endWithSignIns({ configured, own, log, endings });
    // A logo that cannot be shown is told now, and not by the first page.
    if (settings.theme?.logo !== undefined && options.stdio !== true) readAssets(settings.theme);
    // A key that cannot sign is told now, and not by the first sign-in.
    if (own !== undefined && settings.authorizationServer.signingKeys !== undefined)
      await (await services.signing()).keys.current();
    warnOfUnused(
      configured,
      { isServed: own !== undefined, isElsewhere: isProxy || settings.exchange !== undefined },
      log,
    );
    const credentials =
      own &&
      publicUrl &&
      lateCredentials({
        ...{ services, publicUrl, sessionGoesOn: own.sessionGoesOn, clock: context.clock },
        tools: vendableTools(() => configured.toolbox.current()),
        resources: () => resources,
      });
    const issuers =
      own === undefined ? [] : [{ ...own.issuer, ...(credentials && { credentials: credentials.tokens }) }];
    const resources: ResourceServer = openResourceServer({
      ...{ services, secrets, env: context.env, clock: context.clock },
      declared: () => configured.authServices(),
      issuers: () => issuers,
      sessionsOf: settings.exchange?.issuer,
    });
    endings.add('resource server', () => resources.close());
    const declared = (): ReturnType<typeof configured.policies> => configured.policies();
    const deliveries =
      options.stdio === true
        ? undefined
        : startDuties({ ...context, services, settings, dataDir, declared, log, endings });
    await run({
      options,
      context,
      log,
      dataDir,
      configured,
      registry,
      settings,
      services,
      resources,
      own,
      credentials,
      agentsReached: agentsReached.resolve,
      secrets,
      workloads,
      deliveries,
      isProxy,
      protocol,
      endings,
    });
  } finally {
    await endings.run(log);
  }
}

async function run(running: Running): Promise<void> {
  const { options, context, log, dataDir, configured, registry, settings, services, resources, own } = running;
  const { deliveries, endings, isProxy } = running;
  let gateway: Gateway | undefined;
  const metrics =
    settings.metrics === false || options.stdio
      ? undefined
      : lateMetrics(
          () =>
            gateway && {
              ...gateway.gauges,
              shadows: () => services.watch.counts(),
              deliveries: async () => (await deliveries?.status()) ?? [],
              countersAway: () => services.limits.away(),
            },
        );
  if (metrics !== undefined) services.limits.onRefusal((refused) => metrics.limitRefused(refused));
  const { otlpEndpoint: endpoint, serviceName } = settings.telemetry;
  const telemetry =
    endpoint === undefined ? undefined : await loadTelemetry({ endpoint, serviceName, version: context.version });
  if (telemetry !== undefined) endings.add('telemetry', () => telemetry.close());
  const tls = await openListenerTls(options.stdio ? {} : settings, {
    ...{ clock: context.clock, workloads: running.workloads, log, metrics, endings },
  });

  const stateKey = readStateKey(dataDir);
  const approving = servedApprovals({
    ...{ services, metrics, log, endings, clock: context.clock },
    settings: isProxy ? { ...settings, publicUrl: undefined } : settings,
    snapshot: () => configured.toolbox.current(),
    hasPages: options.stdio !== true && !isProxy,
  });
  const { clock } = context;
  const containment = servedContainment({ services, settings, clock, log, endings });
  const notices = lateNotices({ services, settings: settings.alerts, secrets: running.secrets, clock, log, endings });
  const traps = decoys({ services, settings, notices, metrics, clock, log, endings });
  const siblings = options.stdio
    ? undefined
    : await servedSiblings({ services, settings, tls: tls.public, metrics, clock, log, endings });
  const exchanged =
    settings.exchange === undefined || options.stdio
      ? undefined
      : await (
          await import('./exchanged-grants.ts')
        ).exchangedGrants({ settings: settings.exchange, workloads: running.workloads, metrics, clock, log, endings });
  const doors: GatewayOptions = {
    toolbox: configured.toolbox,
    verifier: bearerVerifier(traps.keys(services.identity.keys), () => services.signIn().verifier, resources),
    resources,
    grants: own?.grants ?? exchanged?.grants,
    exchange: exchanged?.state,
    introduce: isProxy ? (caller) => configured.introduce(caller) : undefined,
    policies: services.policies,
    steps: {
      watch: services.watch,
      standings: registry.standings,
      limits: services.limits.calls,
      approvals: approvalStep(approving.approvals),
      containment: containment.running,
    },
    settings,
    siblings,
    // Hosts have files of their own, and one database.
    stateKey:
      siblings === undefined
        ? stateKey
        : await readRoundsKey(services.database, services.vault.envelope, () => stateKey),
    maskKey: () => readMaskKey(services.database, services.vault.envelope),
    trail: services.audit,
    pages: pagesOf([
      ...(own === undefined ? [] : [own.pages]),
      approving.pages,
      lateSignInPages(() => services.signIn(), { log, elsewhere: own?.elsewhere, theme: settings.theme }),
    ]),
    agentPages: own?.programs,
    tls: tls.all,
    api: lateApi(async () => {
      const { openApi } = await import('../services/open-api.ts');
      const { version } = context;
      const api = await openApi(services, {
        contained: containment.here,
        ...{ version, settings, deliveries, dataDir, secret: stateKey, endings, clock, log },
        registry: {
          ...(await registry.services()),
          callable: async (principal, namespace) => (await gateway?.callable(principal, namespace)) ?? new Set(),
        },
        credentials: running.credentials,
        vendable: vendableTools(() => configured.toolbox.current()),
        ...(gateway && { findTools: gateway.findTools }),
        approvals: approving.approvals,
        declared: {
          clients: () => configured.clients(),
          upstreams: () => configured.upstreams(),
          protectedServers: () => configured.protectedServers(),
          policies: () => configured.policies(),
        },
        tools: () => validatedTools(configured.toolbox.current()),
        snapshot: () => configured.toolbox.current(),
      });
      const { openApiDoor } = await import('#http');
      return await openApiDoor(api, settings.limits);
    }),
    observers: [
      callLog(log),
      callFacts({ services, settings, notices, metrics, clock, log, endings }),
      traps.observer,
      ...[metrics, telemetry].flatMap((one) => (one === undefined ? [] : [one.observer])),
    ],
    version: context.version,
    clock: context.clock,
    log,
  };
  gateway = createGateway(isProxy ? withoutPages(doors) : doors);
  const { changes } = gateway.services;
  configured.onCallerChange((context, lists) => changes.tellCaller(context, lists));
  const { close: closeRecords } = gateway;
  endings.add('refusals that were counted', closeRecords);
  await containment.follow(() => gateway.services.streams.round());
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
  // Whoever comes first is to find what there is; who waits for us longer than that hears why there is nothing.
  if (isProxy) await configured.serversSettled(SETTLING_MS);
  if (running.protocol === undefined) registry.follow({ log, endings });
  if (running.protocol !== undefined) await serveOneClient(gateway, running.protocol, running);
  else await serveMany(gateway, tls, metrics, { ...running, siblings });
}

const SETTLING_MS = 10_000;

/** A proxy shows nobody a page and has no API: people sign in at the issuer, and who runs it has the command line. */
const withoutPages = ({
  pages: _pages,
  agentPages: _agentPages,
  api: _api,
  ...doors
}: GatewayOptions): GatewayOptions => doors;

/** Options of the command line win over the document. */
function withOptions(settings: ServerSettings, options: ServeOptions): ServerSettings {
  return {
    ...settings,
    ...(options.host !== undefined && { host: options.host }),
    ...(options.port !== undefined && { port: options.port }),
  };
}
