import { addApiOptions, withApi, type ApiOptions } from '../api/index.ts';
import type { InstallCommands } from '../context.ts';
import { jsonLine, table } from '../print.ts';
import { addQuestionOptions, questionOf, whomOf, type QuestionOptions, type WhomOptions } from './moment-options.ts';

interface Explained {
  readonly sentence: string;
  readonly rules: readonly {
    readonly id: string;
    readonly effect: string;
    readonly priority: number;
    readonly said: string;
    readonly part?: string;
    readonly to: readonly { readonly rule: string; readonly because: string }[];
  }[];
}

export const addPolicyExplain: InstallCommands = (policy, context) => {
  const command = policy
    .command('explain')
    .description('say why somebody may call a tool, or may not')
    .argument('<tool>', 'the tool with its namespace, such as default/search')
    .option('--user <name>', 'the user who would call it')
    .option('--agent <name>', 'the agent who would, as namespace/name')
    .option('--anonymous', 'anybody, without signing in');
  addApiOptions(addQuestionOptions(command), context)
    .option('--json', 'print the whole explanation as one line of JSON')
    .addHelpText(
      'after',
      `
What is not given of the moment is as for most calls: at the door for MCP, with the scopes of the tool, without a
second factor, now.

Example:
  $ chatelaine policy explain default/transfer --agent default/clerk --args '{"amount": 200}'`,
    )
    .action(async (tool: string, options: QuestionOptions & WhomOptions & ApiOptions & { readonly json?: true }) => {
      const principal = whomOf(options);
      if (principal === undefined)
        return command.error("error: option '--user', '--agent' or '--anonymous' says who would call it");
      const body = { principal, ...questionOf(tool, options) };
      const told = await withApi(context, options, (api) => api.post<Explained>('/policies/explain', body));
      context.stdout.write(options.json === true ? jsonLine(told) : describeExplanation(told));
    });
};

function describeExplanation({ sentence, rules }: Explained): string {
  if (rules.length === 0) return `${sentence}\n`;
  const rows = rules.map(({ id, effect, priority, said, part, to }) => [
    ...[id, effect, String(priority), said, part ?? '-'],
    to.map(({ rule, because }) => `${rule} (${because})`).join(', ') || '-',
  ]);
  return `${sentence}\n\n${table(['RULE', 'EFFECT', 'PRIORITY', 'SAID', 'PART', 'YIELDS TO'], rows)}`;
}
