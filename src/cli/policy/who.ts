import { addApiOptions, withApi, type ApiOptions } from '../api/index.ts';
import type { InstallCommands } from '../context.ts';
import { jsonLine, table } from '../print.ts';
import { addQuestionOptions, questionOf, type QuestionOptions } from './moment-options.ts';

interface May {
  readonly may: string;
  readonly on: readonly string[];
  readonly by: readonly string[];
}
interface Who {
  readonly callers: readonly (May & { readonly kind: string; readonly id: string; readonly name: string })[];
  readonly roles: readonly (May & { readonly role: string })[];
  readonly within?: readonly string[];
  readonly next?: string;
}

export const addPolicyWho: InstallCommands = (policy, context) => {
  const command = policy
    .command('who')
    .description('list the users, agents and roles that may call a tool')
    .argument('<tool>', 'the tool with its namespace, such as default/search');
  addApiOptions(addQuestionOptions(command), context)
    .option('--json', 'print one line of JSON: callers, roles, and within')
    .addHelpText(
      'after',
      `
With --args: who could have made this call. What is not given of the moment may be anything, and \`depends\` says
on what it depends.

Example:
  $ chatelaine policy who default/transfer --args '{"amount": 200}'`,
    )
    .action(async (tool: string, options: QuestionOptions & ApiOptions & { readonly json?: true }) => {
      const question = questionOf(tool, options);
      const found = await withApi(context, options, async (api) => {
        const callers: Who['callers'][number][] = [];
        let page: Who | undefined;
        do {
          const cursor = page?.next;
          page = await api.post<Who>('/policies/who', { ...question, limit: 1000, ...(cursor && { cursor }) });
          callers.push(...page.callers);
        } while (page.next !== undefined);
        return { callers, roles: page.roles, ...(page.within !== undefined && { within: page.within }) };
      });
      context.stdout.write(options.json === true ? jsonLine(found) : describeWho(found));
    });
};

function describeWho({ callers, roles, within }: Omit<Who, 'next'>): string {
  const row = ({ may, on, by }: May): string[] => [
    may === 'depends' ? `depends on ${on.join(', ')}` : may,
    by.join(', ') || '-',
  ];
  const rows = [
    ...callers.map((one) => [one.kind, one.name, ...row(one)]),
    ...roles.filter(({ may }) => may !== 'no').map((one) => ['role', one.role, ...row(one)]),
  ];
  const told = rows.length === 0 ? 'Nobody may.\n' : table(['KIND', 'WHO', 'MAY', 'BY'], rows);
  if (within === undefined) return told;
  return `${told}\nOf those who belong to \`${within.join('`, `')}\` or were given a role there.\n`;
}
