import type { InstallCommands } from '../context.ts';
import { addToolOptions, askAndTell, type ToolOptions } from './tool.ts';

interface Pin {
  readonly state: string;
  readonly why: string;
  readonly note: string;
  readonly approved: { readonly digest: string; readonly by: string | null } | null;
  readonly waiting: {
    readonly digest: string;
    readonly author: string | null;
    readonly open: readonly string[];
  } | null;
  readonly changes: readonly { readonly kind: string; readonly words: string }[];
  readonly findings: readonly { readonly kind: string; readonly field: string; readonly words: string }[];
}

/** What a yes gives; a no gives nothing. */
interface Outcome {
  readonly state: string;
  readonly open: readonly string[];
}

interface DecisionOptions extends ToolOptions {
  readonly digest: string;
  readonly note?: string;
}

export const addToolDiff: InstallCommands = (tool, context) => {
  const command = tool
    .command('diff')
    .description('show what of a tool was approved, what waits, and the difference')
    .argument('<name>', 'the tool');
  addToolOptions(command, context, 'the pin')
    .addHelpText('after', '\nExample:\n  $ chatelaine tool diff open_orders')
    .action(async (name: string, options: ToolOptions) => {
      await askAndTell(
        context,
        { name, options },
        (api, path) => api.get<Pin>(`${path}/pin`),
        (pin) => textOf(name, pin),
      );
    });
};

const addDecision =
  (verb: 'approve' | 'reject', description: string, done: string): InstallCommands =>
  (tool, context) => {
    const command = tool
      .command(verb)
      .description(description)
      .argument('<name>', 'the tool')
      .requiredOption('--digest <digest>', 'of the definition that was looked at, as `tool diff` shows it')
      .option('--note <text>', 'why, for the record');
    addToolOptions(command, context, 'namespace, name, state, open')
      .addHelpText('after', `\nExample:\n  $ chatelaine tool ${verb} open_orders --digest 3f1c…`)
      .action(async (name: string, options: DecisionOptions) => {
        const { namespace, digest, note } = options;
        const body = { digest, ...(note !== undefined && { note }) };
        await askAndTell(
          context,
          { name, options },
          async (api, path) => {
            const said = await api.post<Outcome | undefined>(`${path}/pin/${verb}`, body);
            return { namespace, name, ...(said ?? { state: 'quarantined', open: [] }) };
          },
          ({ state, open }) =>
            `The tool \`${name}\` ${verb === 'approve' && state !== 'approved' ? waitsFor(open) : done}.\n`,
        );
      });
  };

const waitsFor = (open: readonly string[]): string =>
  `waits for the yes of ${open.map((need) => need || 'somebody else who may').join(' and ')}`;

export const addToolApprove = addDecision(
  'approve',
  'approve the definition that waits',
  'is approved and can be called',
);
export const addToolReject = addDecision(
  'reject',
  'keep the definition that waits from being called',
  'stays quarantined',
);

export const addToolQuarantine: InstallCommands = (tool, context) => {
  const command = tool
    .command('quarantine')
    .description('stop a tool, wherever it comes from, until somebody approves it')
    .argument('<name>', 'the tool')
    .option('--note <text>', 'why, for the record');
  addToolOptions(command, context, 'namespace, name, state')
    .addHelpText(
      'after',
      '\nExample:\n  $ chatelaine tool quarantine open_orders --note "answers with other people’s orders"',
    )
    .action(async (name: string, options: ToolOptions & { readonly note?: string }) => {
      const { namespace, note } = options;
      await askAndTell(
        context,
        { name, options },
        async (api, path) => {
          await api.post(`${path}/quarantine`, note === undefined ? {} : { note });
          return { namespace, name, state: 'quarantined' };
        },
        () => `The tool \`${name}\` is quarantined.\n`,
      );
    });
};

function textOf(name: string, { state, why, note, approved, waiting, changes, findings }: Pin): string {
  const lines = [`The tool \`${name}\` is ${state} (${why}${note === '' ? '' : `: ${note}`}).`];
  if (approved !== null) lines.push(`approved  ${approved.digest}${approved.by === null ? '' : ` by ${approved.by}`}`);
  if (waiting !== null)
    lines.push(`waiting   ${waiting.digest}${waiting.author === null ? '' : ` of ${waiting.author}`}`);
  for (const need of waiting?.open ?? []) lines.push(`  takes the yes of ${need || 'somebody else who may'}`);
  for (const { kind, words } of changes) lines.push(`  ${kind}: ${words}`);
  for (const { kind, field, words } of findings) lines.push(`  ! ${kind} in ${field}: ${words}`);
  return `${lines.join('\n')}\n`;
}
