import { InvalidArgumentError, Option } from 'commander';
import type { InstallCommands } from '#cli';
import type { LogLevel } from '#kernel';
import { LOG_LEVELS, wholeNumber } from '../serve/serve-command.ts';

export interface OperateOptions {
  readonly kubeconfig?: string;
  readonly context?: string;
  readonly namespace?: readonly string[];
  readonly ownNamespace?: string;
  readonly serviceAccount: string;
  readonly image: string;
  readonly requireDigests?: true;
  /** `false` for `--no-webhook`. */
  readonly webhook: boolean;
  readonly webhookPort: number;
  readonly metricsPort: number;
  readonly healthPort: number;
  readonly workers: number;
  readonly logLevel?: LogLevel;
}

export const installOperate: InstallCommands = (program, context) => {
  program
    .command('operator')
    .description('run on Kubernetes: make what custom resources stand for, and keep it so')
    .option('--kubeconfig <file>', 'how to reach a cluster (default: the service account of the pod)')
    .option('--context <name>', 'a context of the kubeconfig (default: its current one)')
    .option('--namespace <name>', 'a namespace to look after (repeatable; default: all)', namespaces)
    .option('--own-namespace <name>', 'where its Lease and the certificate of the webhook are (default: its own)')
    .option('--service-account <name>', 'who it is there, for messages', 'chatelaine-operator')
    .option('--image <reference>', 'the image of pods whose objects name none', `chatelaine:${context.version}`)
    .option('--require-digests', 'refuse images that are named by a tag')
    .option('--no-webhook', 'open no admission webhook')
    .option('--webhook-port <number>', 'port of the webhook', wholeNumber, 9443)
    .option('--metrics-port <number>', 'port of the metrics', wholeNumber, 7421)
    .option('--health-port <number>', 'port of /healthz and /readyz', wholeNumber, 7422)
    .option('--workers <number>', 'objects of one kind that are worked on at once', atLeastOne, 4)
    .addOption(
      new Option('--log-level <level>', 'the least severe level that is written (default: info)').choices(LOG_LEVELS),
    )
    .addHelpText(
      'after',
      `
Of several only one acts at a time; when it loses its Lease it ends with 1, to be started again. With a kubeconfig there
is no webhook: API servers could not reach it.

Examples:
  $ chatelaine operator --kubeconfig ~/.kube/config --own-namespace chatelaine-system
  $ chatelaine operator --namespace team-a --namespace team-b --no-webhook`,
    )
    .action(async (options: OperateOptions) => {
      const { operate } = await import('./operate.ts');
      await operate(options, context);
    });
};

function namespaces(value: string, before: readonly string[] = []): readonly string[] {
  if (!/^[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?$/.test(value))
    throw new InvalidArgumentError('It is no name of a namespace.');
  return [...before, value];
}

function atLeastOne(text: string): number {
  const number = wholeNumber(text);
  if (number === 0 || number > 64) throw new InvalidArgumentError('It is not a whole number from 1 to 64.');
  return number;
}
