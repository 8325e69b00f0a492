import type { Command } from 'commander';
import { addApiOptions, withApi, type ApiOptions } from '../api/index.ts';
import type { ApiClient } from '../api/client.ts';
import type { CliContext, InstallCommands } from '../context.ts';
import { jsonLine, table, toSeconds } from '../print.ts';

interface StepOptions extends ApiOptions {
  readonly algorithm?: string;
  readonly now?: true;
  readonly json?: true;
}

/** A key as the API shows it. */
interface SigningKey {
  readonly kid: string;
  readonly algorithm: string;
  readonly state: 'prepared' | 'active' | 'retired' | 'gone';
  readonly signs: boolean;
  readonly published: boolean;
  readonly preparedAt: string;
  readonly readyAt: string;
  readonly activatedAt: string | null;
  readonly retiredAt: string | null;
  readonly publishedUntil: string | null;
}

interface Status {
  readonly items: readonly SigningKey[];
  readonly next: {
    readonly step: 'prepare' | 'activate' | 'retire';
    readonly kid: string | null;
    readonly at: string;
    readonly due: boolean;
    readonly why: string;
  } | null;
}

const EARLY = 'although others may hold a key set without it for minutes; that is put on record';

/** `chatelaine key rotate-signing`: the keys of tokens, step by step or whichever step is due. */
export const addKeyRotateSigning: InstallCommands = (key, context) => {
  const rotate = key
    .command('rotate-signing')
    .description('rotate the keys that tokens are signed with: does the step that is due')
    .option('--algorithm <name>', 'of a new key: ES256 (default), ES384, ES512, RS256, RS384, RS512, EdDSA');
  addApiOptions(rotate, context)
    .option('--json', 'print one line of JSON: step, keys, next')
    .addHelpText(
      'after',
      `
A round has three steps. \`prepare\` publishes the next key; after five minutes, when everybody who holds a copy
of the key set has it, \`activate\` signs with it; \`retire\` destroys what the former key signed with.

Examples:
  $ chatelaine key rotate-signing
  $ chatelaine key rotate-signing status --json`,
    )
    .action((options: StepOptions) => doNext(context, options));
  addVerb(rotate, context, 'status', 'show the keys and the step that comes next', (command) => command, show);
  addVerb(
    rotate,
    context,
    'prepare',
    'make the next key and publish it; it signs nothing yet',
    (command) => command.option('--algorithm <name>', 'what it signs with (default: ES256)'),
    prepare,
  );
  addVerb(
    rotate,
    context,
    'activate',
    'sign with the prepared key, or with one that signed before',
    (command) => command.argument('[kid]', 'the key, as `status` shows it').option('--now', `at once, ${EARLY}`),
    activate,
  );
  addVerb(
    rotate,
    context,
    'retire',
    'destroy what the former keys signed with; tokens of theirs count until they expire',
    (command) =>
      command
        .argument('[kid]', 'the key, as `status` shows it')
        .option('--now', 'and refuse their tokens at once: for a key that somebody else has'),
    retire,
  );
};

interface Done {
  readonly step: string;
  readonly keys: readonly SigningKey[];
  readonly text: string;
}
type Step = (api: ApiClient, options: StepOptions, kid?: string) => Promise<Done>;

function addVerb(
  parent: Command,
  context: CliContext,
  name: string,
  description: string,
  more: (command: Command) => Command,
  step: Step,
): void {
  const command = more(parent.command(name).description(description));
  addApiOptions(command, context)
    .option('--json', 'print one line of JSON: step, keys, next')
    .addHelpText('after', `\nExample:\n  $ chatelaine key rotate-signing ${name}`)
    .action((...given: unknown[]) => {
      const [kid, last] = given.length === 3 ? [given[0] as string | undefined, given[1]] : [undefined, given[0]];
      // Options of both are taken by the parent, wherever they stand; the verb declares them for its help.
      const options = { ...(last as StepOptions), ...parent.opts<StepOptions>() };
      return withApi(context, options, async (api) => print(context, options, api, await step(api, options, kid)));
    });
}

const show: Step = async (api) => {
  const { items } = await api.get<Status>('/signing-keys');
  return { step: 'status', keys: items, text: tableOf(items) };
};

const prepare: Step = async (api, { algorithm }) => {
  const made = await api.post<SigningKey>('/signing-keys/prepare', algorithm === undefined ? {} : { algorithm });
  const text = `The key ${made.kid} (${made.algorithm}) is published, and signs nothing yet. It can be activated from ${toSeconds(made.readyAt)} on.\n`;
  return { step: 'prepare', keys: [made], text };
};

const activate: Step = async (api, { now }, kid) => {
  const active = await api.post<SigningKey>('/signing-keys/activate', {
    ...(kid !== undefined && { kid }),
    ...(now === true && { now }),
  });
  const text = `The key ${active.kid} (${active.algorithm}) signs new tokens, in every process within a second. The former key still verifies, and could sign again: \`retire\` ends that.\n`;
  return { step: 'activate', keys: [active], text };
};

const retire: Step = async (api, { now }, kid) => {
  const { items } = await api.post<{ readonly items: readonly SigningKey[] }>('/signing-keys/retire', {
    ...(kid !== undefined && { kid }),
    ...(now === true && { now }),
  });
  const text = items
    .map((key) =>
      key.published
        ? `The key ${key.kid} can sign no more. Tokens that it signed count until ${toSeconds(key.publishedUntil)}, and so long it is published.\n`
        : `The key ${key.kid} is gone: no token that it signed counts any more.\n`,
    )
    .join('');
  return { step: 'retire', keys: items, text };
};

/** The step that is due, or the words for that there is none yet. */
async function doNext(context: CliContext, options: StepOptions): Promise<void> {
  await withApi(context, options, async (api) => {
    const { next, items } = await api.get<Status>('/signing-keys');
    if (next === null) {
      const text = 'The configuration gives the signing keys, so it is the configuration that rotates them.\n';
      return await print(context, options, api, { step: 'none', keys: items, text });
    }
    if (!next.due)
      return await print(context, options, api, { step: 'none', keys: items, text: 'Nothing is due yet.\n' });
    const step = { prepare, activate, retire }[next.step];
    await print(context, options, api, await step(api, options, next.kid ?? undefined));
  });
}

async function print(context: CliContext, options: StepOptions, api: ApiClient, done: Done): Promise<void> {
  const { next } = await api.get<Status>('/signing-keys');
  if (options.json === true) return void context.stdout.write(jsonLine({ step: done.step, keys: done.keys, next }));
  context.stdout.write(done.text);
  if (next === null) return;
  const when = next.due ? 'now' : `from ${toSeconds(next.at)} on`;
  context.stdout.write(`Next: ${next.step}, ${when} (${next.why}).\n`);
}

function tableOf(keys: readonly SigningKey[]): string {
  const kept = keys.filter(({ state }) => state !== 'gone');
  if (kept.length === 0) return 'There is no signing key yet: the first token makes one.\n';
  return table(
    ['KID', 'ALGORITHM', 'STATE', 'PUBLISHED', 'ACTIVE SINCE', 'PUBLISHED UNTIL'],
    kept.map((key) => [
      key.kid,
      key.algorithm,
      key.signs ? 'signs' : key.state,
      key.published ? 'yes' : 'no',
      toSeconds(key.activatedAt) ?? '-',
      toSeconds(key.publishedUntil) ?? '-',
    ]),
  );
}
