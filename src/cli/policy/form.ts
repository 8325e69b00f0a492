import { Option } from 'commander';
import type { InstallCommands } from '../context.ts';
import { cliError } from '../errors.ts';
import { jsonLine } from '../print.ts';

interface FormOptions {
  readonly namespace: string;
  readonly everywhere?: true;
}

/** Works on files alone: no server, no data directory. */
export const addPolicyForm: InstallCommands = (policy, context) => {
  policy
    .command('form')
    .description('show the form of a .cedar file, or the Cedar of the forms of a YAML file')
    .argument('<file>', 'a `.cedar` file, or YAML with `kind: policy` documents')
    .addOption(new Option('--namespace <name>', 'the namespace of a .cedar file').default('default'))
    .option('--everywhere', 'of a .cedar file: it is of no namespace')
    .addHelpText('after', '\nExample:\n  $ chatelaine policy form policies.yaml')
    .action(async (file: string, options: FormOptions) => {
      const [{ readPolicyFile }, { loadPolicyForm, loadPolicyCheck }] = await Promise.all([
        import('./read-file.ts'),
        import('#policy'),
      ]);
      const [{ formOf }, { factsOf }] = await Promise.all([loadPolicyForm(), loadPolicyCheck()]);
      for (const { namespace, name, body } of await readPolicyFile(file, options, context)) {
        const id = `${namespace}/${name}`;
        if (body.form === undefined) {
          const form = formOf(body.cedar ?? '');
          if (form === undefined)
            throw cliError('POLICY_FILE_REFUSED', `no form says what the policy \`${id}\` of \`${file}\` does`);
          context.stdout.write(jsonLine(form));
          continue;
        }
        const draft = { priority: 0, description: '', shadow: false, enabled: true, form: body.form };
        const facts = factsOf(draft, { namespace, name }, []);
        if (!facts.ok) throw cliError('POLICY_FILE_REFUSED', `the form of \`${id}\` in \`${file}\`: ${facts.error}`);
        context.stdout.write(`// ${id}\n${facts.value.cedar}`);
      }
    });
};
