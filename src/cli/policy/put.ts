import type { Command } from 'commander';
import { withApi } from '../api/index.ts';
import type { ApiClient } from '../api/client.ts';
import type { CliContext, InstallCommands } from '../context.ts';
import { jsonLine } from '../print.ts';
import { addPlaceOptions, describePolicies, namespaceOf, withName, type ChangeOptions, type Policy } from './policy.ts';
import type { FileOptions, WrittenPolicy } from './read-file.ts';

type PutOptions = ChangeOptions & FileOptions;

function addFileOptions(command: Command, context: CliContext): Command {
  command
    .argument('<file>', 'a `.cedar` file with the rules of one policy, or YAML with `kind: policy` documents')
    .option('--name <name>', 'of a .cedar file: what the policy is called (default: as the file)')
    .option('--priority <number>', 'of a .cedar file: its priority (default: 0)')
    .option('--description <text>', 'of a .cedar file: what the policy is for');
  return addPlaceOptions(command, context);
}

export const addPolicyPut: InstallCommands = (policy, context) => {
  const command = policy
    .command('put')
    .description('keep a policy, or put something else in the place of what it says; it decides within a second')
    .option('--shadow', 'of a .cedar file: keep it without letting it decide')
    .option('--disabled', 'of a .cedar file: keep it out of force');
  addFileOptions(command, context)
    .option('--reason <text>', 'why; it stays with the version and on record')
    .option('--json', 'print one line of JSON: {"policies": […]}')
    .addHelpText(
      'after',
      `
Examples:
  $ chatelaine policy put office-hours.cedar --priority 10 --reason 'nobody pays at night'
  $ chatelaine policy put policies.yaml`,
    )
    .action(async (file: string, options: PutOptions) => {
      const { readPolicyFile } = await import('./read-file.ts');
      const written = await readPolicyFile(file, options, context);
      const policies = await withApi(context, { ...options, create: true }, async (api) => {
        const put: Policy[] = [];
        for (const one of written) put.push(await putOne(api, one, options.reason));
        return put;
      });
      context.stdout.write(options.json === true ? jsonLine({ policies }) : describePolicies(policies));
    });
};

/** What is there is changed as it was read: somebody else's change in between is not overwritten unseen. */
async function putOne(api: ApiClient, { namespace, name, body }: WrittenPolicy, reason: string | undefined) {
  const [{ at }, { ChatelaineError }] = await Promise.all([import('../api/client.ts'), import('#kernel')]);
  const path = at`/policies/${namespace}/${name}`;
  const wish = { ...body, ...(reason !== undefined && { reason }) };
  try {
    const { etag } = await api.ask<Policy>({ method: 'GET', path });
    const headers = { 'if-match': etag ?? '*' };
    return (await api.ask<Policy>({ method: 'PUT', path, headers, body: wish })).body;
  } catch (error) {
    if (!(error instanceof ChatelaineError) || error.code !== 'POLICY_UNKNOWN') throw error;
    return await api.post<Policy>(path, wish);
  }
}

interface Finding {
  readonly message: string;
  readonly line?: number;
  readonly column?: number;
}

interface Validated {
  readonly id: string;
  readonly valid: boolean;
  readonly problems: readonly Finding[];
  readonly warnings: readonly Finding[];
}

export const addPolicyValidate: InstallCommands = (policy, context) => {
  const command = policy
    .command('validate')
    .description('say everything that is wrong with policies, without keeping any; exit code 1 where something is');
  addFileOptions(command, context)
    .option('--json', 'print one line of JSON: {"policies": [{id, valid, problems, warnings}]}')
    .addHelpText('after', '\nExample:\n  $ chatelaine policy validate office-hours.cedar')
    .action(async (file: string, options: PutOptions) => {
      const [{ readPolicyFile }, { at }, { EXIT, QuietEnd }] = await Promise.all([
        import('./read-file.ts'),
        import('../api/client.ts'),
        import('../context.ts'),
      ]);
      const written = await readPolicyFile(file, options, context);
      const policies = await withApi(context, options, async (api) => {
        const all: Validated[] = [];
        for (const { namespace, name, body } of written) {
          const path = at`/namespaces/${namespace}/policies/validate`;
          const said = await api.post<Omit<Validated, 'id'>>(path, { name, ...body });
          all.push({ id: `${namespace}/${name}`, valid: said.valid, problems: said.problems, warnings: said.warnings });
        }
        return all;
      });
      context.stdout.write(options.json === true ? jsonLine({ policies }) : policies.map(told).join(''));
      if (policies.some(({ valid }) => !valid)) throw new QuietEnd(EXIT.failure);
    });
};

function told({ id, valid, problems, warnings }: Validated): string {
  const lines = [
    ...problems.map((one) => `${id}: ${placeOf(one)}${one.message}`),
    ...warnings.map((one) => `${id}: warning: ${placeOf(one)}${one.message}`),
    ...(valid ? [`The policy ${id} is good.`] : []),
  ];
  return `${lines.join('\n')}\n`;
}

const placeOf = ({ line, column }: Finding): string => (line === undefined ? '' : `line ${line}, column ${column}: `);

export const addPolicyDelete: InstallCommands = (policy, context) => {
  addPlaceOptions(withName(policy.command('delete').description('take a policy away; its versions stay')), context)
    .option('--reason <text>', 'why; it stays with the version and on record')
    .option('--json', 'print one line of JSON: namespace, name, deleted')
    .addHelpText(
      'after',
      "\nExample:\n  $ chatelaine policy delete office-hours --reason 'the office is open at night now'",
    )
    .action(async (name: string, options: ChangeOptions) => {
      const { at } = await import('../api/client.ts');
      const namespace = namespaceOf(options);
      const path = at`/policies/${namespace}/${name}`;
      await withApi(context, options, async (api) => {
        const { etag } = await api.ask<Policy>({ method: 'GET', path });
        const query = { reason: options.reason };
        await api.ask({ method: 'DELETE', path, query, headers: { 'if-match': etag ?? '*' } });
      });
      const text = `The policy \`${namespace}/${name}\` is gone. \`chatelaine policy restore\` brings it back.\n`;
      context.stdout.write(options.json === true ? jsonLine({ namespace, name, deleted: true }) : text);
    });
};
