import { Argument } from 'commander';
import { addApiOptions, withApi, type ApiOptions } from '../api/index.ts';
import type { ApiClient } from '../api/client.ts';
import { EXIT, QuietEnd, type CliContext, type InstallCommands } from '../context.ts';
import { jsonLine, table, toSeconds } from '../print.ts';
import { verifyReportFile } from './verify.ts';

interface Report {
  readonly steps: readonly { readonly what: string; readonly at: string; readonly count?: number }[];
  readonly processes: readonly {
    readonly id: string;
    readonly host: string;
    readonly confirmedAt: string | null;
    readonly stoppedCalls: number;
  }[];
  readonly complete: boolean;
  readonly endedAt: string;
  readonly tookMs: number;
}

interface Containment {
  readonly id: string;
  readonly kind: string;
  readonly namespace: string;
  readonly name: string;
  readonly reason: string;
  readonly begunAt: string;
  readonly acknowledgedAt: string | null;
  readonly releasedAt: string | null;
  readonly signed?: { readonly report: Report } | null;
}

export interface ContainOptions extends ApiOptions {
  readonly namespace?: string;
  readonly reason?: string;
  readonly report?: string;
  readonly list?: true;
  readonly release?: string;
  readonly verify?: string;
  readonly key?: readonly string[];
  readonly json?: true;
}

const KINDS = ['agent', 'user', 'tool', 'namespace'];

/** `chatelaine contain`: stops something everywhere, and says when it had stopped. */
export const installContainCommand: InstallCommands = (program, context) => {
  const command = program
    .command('contain')
    .description('stop an agent, a user, a tool or a namespace everywhere, and write the signed report of it')
    .addArgument(new Argument('[kind]', 'what is stopped').choices(KINDS))
    .argument('[name]', 'its name; of a user the id or login name')
    .option('--namespace <name>', 'where an agent or a tool is (default: default)')
    .option('--reason <text>', 'why, for the record')
    .option('--report <file>', 'where the signed report is written')
    .option('--list', 'show what is contained and what was released')
    .option('--release <id>', 'end a containment')
    .option('--verify <file>', 'check a report with nothing but a public key: no server, no network')
    .option('--key <file>', 'with --verify: the key, as `audit public-key` prints it (repeatable)', collect);
  addApiOptions(command, context)
    .option('--json', 'print one line of JSON, as the API answers')
    .addHelpText(
      'after',
      '\nExample:\n  $ chatelaine contain agent booking-bot --reason "key in a log" --report report.json',
    )
    .action(async (kind: string | undefined, name: string | undefined, options: ContainOptions) => {
      if (options.verify !== undefined) return await verifyReportFile(context, options.verify, options);
      await withApi(context, options, async (api) => {
        if (options.list === true) return await list(context, api, options);
        if (options.release !== undefined) return await release(context, api, options.release);
        if (kind === undefined || name === undefined)
          return command.error(`error: it is not said what is contained: contain ${KINDS.join('|')} <name>`);
        await contain(context, api, { kind, name }, options);
      });
    });
};

const collect = (value: string, before: readonly string[] = []): readonly string[] => [...before, value];

async function contain(
  context: CliContext,
  api: ApiClient,
  { kind, name }: { readonly kind: string; readonly name: string },
  options: ContainOptions,
): Promise<void> {
  const [{ at }, { findUser }, { writeFileSync }] = await Promise.all([
    import('../api/client.ts'),
    import('../user/user.ts'),
    import('node:fs'),
  ]);
  const target = kind === 'user' ? (await findUser(api, name)).id : name;
  const namespace = kind === 'user' ? '*' : kind === 'namespace' ? name : (options.namespace ?? 'default');
  const body = { kind, name: target, reason: options.reason ?? '' };
  const begun = await api.post<Containment>(`${at`/namespaces/${namespace}`}/containments`, body);
  if (options.report !== undefined) writeFileSync(options.report, jsonLine(begun.signed), { flag: 'wx', mode: 0o600 });
  context.stdout.write(options.json === true ? jsonLine(begun) : textOf(begun));
  // For scripts: what could not be confirmed is not contained.
  if (begun.acknowledgedAt === null) throw new QuietEnd(EXIT.failure);
}

async function list(context: CliContext, api: ApiClient, { json }: ContainOptions): Promise<void> {
  const { items } = await api.get<{ readonly items: readonly Containment[] }>('/containments?limit=1000');
  const rows = items.map((one) => [
    one.id,
    one.kind,
    one.kind === 'agent' || one.kind === 'tool' ? `${one.namespace}/${one.name}` : one.name,
    toSeconds(one.begunAt),
    one.releasedAt !== null ? 'released' : one.acknowledgedAt === null ? 'not confirmed' : 'contained',
    one.reason,
  ]);
  const text =
    rows.length === 0 ? 'Nothing is contained.\n' : table(['ID', 'KIND', 'NAME', 'SINCE', 'STATE', 'REASON'], rows);
  context.stdout.write(json === true ? jsonLine({ containments: items }) : text);
}

async function release(context: CliContext, api: ApiClient, id: string): Promise<void> {
  const { at } = await import('../api/client.ts');
  await api.post(`${at`/containments/${id}`}/release`);
  context.stdout.write(`The containment ${id} is released.\n`);
}

function textOf({ id, kind, name, signed }: Containment): string {
  const report = signed?.report;
  if (report === undefined || signed === null) return `${kind} ${name}: ${id}\n`;
  const lines = [
    ...report.steps.map(({ what, at, count }) => `${at}  ${what}${count === undefined ? '' : `: ${count}`}`),
    ...report.processes.map(
      (one) =>
        `${one.confirmedAt ?? 'not confirmed           '}  process ${one.id} on ${one.host}, ${one.stoppedCalls} calls stopped`,
    ),
    report.complete
      ? `The ${kind} \`${name}\` is contained: ${report.processes.length} processes confirmed within ${report.tookMs} ms (${id}).`
      : `The ${kind} \`${name}\` is refused, but not every process has confirmed: end those that are named, or restart them (${id}).`,
  ];
  return lines.map((line) => `${line}\n`).join('');
}
