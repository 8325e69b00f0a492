/** `chatelaine operator`: options → how the cluster is reached → the operator, until a signal or a lost Lease. */
import { resolve } from 'node:path';
import { QuietEnd, type CliContext } from '#cli';
import { coverLogText } from '#gateway';
import { createLogger } from '#kernel';
import { kubeConfigAccess, serviceAccountAccess, startOperator } from '#operator';
import { mainError } from '../errors.ts';
import { openListener } from '../serve/listeners.ts';
import { untilStopped } from '../serve/until-stopped.ts';
import { healthDoor, metricsDoor } from './doors.ts';
import type { OperateOptions } from './operate-command.ts';

const EVERYWHERE = '0.0.0.0';
const REQUEST_TIMEOUT_MS = 10_000;

/** Rejects with `CLUSTER_ACCESS_UNUSABLE`, `OPTION_INVALID`, `ADDRESS_UNAVAILABLE`. */
export async function operate(options: OperateOptions, context: CliContext): Promise<void> {
  const { kubeconfig, requireDigests, workers, image } = options;
  const log = createLogger({ level: options.logLevel ?? 'info', format: () => 'json', cover: coverLogText });
  const access =
    kubeconfig === undefined
      ? await serviceAccountAccess()
      : await kubeConfigAccess(resolve(kubeconfig), options.context);
  const home = options.ownNamespace ?? access.namespace;
  if (home === undefined)
    throw mainError('OPTION_INVALID', 'nothing says which namespace is its own: give `--own-namespace`');
  const { Registry } = await import('prom-client');
  const metrics = new Registry();
  const host = kubeconfig === undefined ? EVERYWHERE : '127.0.0.1';
  const operator = await startOperator({
    ...{ access, image, home, log, metrics, workers, wallClock: context.clock },
    namespaces: options.namespace ?? [],
    account: `${home}:${options.serviceAccount}`,
    instance: context.env['HOSTNAME'] ?? 'operator',
    requireDigests: requireDigests === true,
    webhook: options.webhook && kubeconfig === undefined ? { host, port: options.webhookPort } : undefined,
  });
  const listeners = await Promise.all([
    openListener({
      ...{ host, port: options.healthPort, requestTimeoutMs: REQUEST_TIMEOUT_MS },
      handler: healthDoor(() => operator),
    }),
    openListener({
      ...{ host, port: options.metricsPort, requestTimeoutMs: REQUEST_TIMEOUT_MS },
      handler: metricsDoor(metrics),
    }),
  ]);
  context.stdout.write(
    `The operator looks after ${options.namespace?.join(', ') ?? 'every namespace'}; it is ${home}/${options.serviceAccount}.\n`,
  );
  log.info({ event: 'operating', server: access.server.origin, home }, 'operating');
  const end = await Promise.race([untilStopped(), operator.ended]);
  log.info({ event: 'ending', why: end }, 'ending: what is being applied may end');
  await operator.stop();
  await Promise.all(listeners.map((listener) => listener.close(0)));
  if (end === 'lost') throw new QuietEnd(1);
}
