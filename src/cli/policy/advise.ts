import { addApiOptions, withApi, type ApiOptions } from '../api/index.ts';
import type { InstallCommands } from '../context.ts';
import { jsonLine } from '../print.ts';

interface AdviseOptions extends ApiOptions {
  readonly role?: string;
  readonly user?: string;
  readonly agent?: string;
  readonly policy?: string;
  readonly from?: string;
  readonly to?: string;
  readonly most?: string;
  readonly namespace?: string;
  readonly json?: true;
}

interface Advice {
  readonly cedar: string;
  readonly calls: number;
  readonly lost: number;
  readonly check: { readonly passed: number; readonly failed: number };
}

export const addPolicyAdvise: InstallCommands = (policy, context) => {
  const command = policy
    .command('advise')
    .description('write the tightest permits under which what somebody did still passes')
    .option('--role <role>', 'what everybody who has the role did')
    .option('--user <name>', 'what a user did')
    .option('--agent <name>', 'what an agent did, as namespace/name')
    .option('--policy <id>', 'what a policy permitted')
    .option('--from <moment>', 'from this moment on (RFC 3339); a week ago by default')
    .option('--to <moment>', 'before this moment')
    .option('--most <number>', 'look at so many records, the newest')
    .option('--namespace <name>', 'only calls of the tools of this namespace');
  addApiOptions(command, context)
    .option('--json', 'print the advice with its evidence as one line of JSON')
    .addHelpText(
      'after',
      `
The Cedar text goes to standard output, what it rests on to standard error.

Example:
  $ chatelaine policy advise --agent default/clerk --from 2026-11-01 > clerk.cedar`,
    )
    .action(async (options: AdviseOptions) => {
      const { reportOf, momentOption } = await import('./report-of.ts');
      const { role, user, agent, policy: id, from, to, most } = options;
      const of =
        role !== undefined
          ? { role }
          : user !== undefined
            ? { user }
            : agent !== undefined
              ? { agent }
              : id === undefined
                ? undefined
                : { policy: id };
      if (of === undefined)
        return command.error("error: option '--role', '--user', '--agent' or '--policy' says whose use is meant");
      const body = {
        of,
        ...(from !== undefined && { from: momentOption(from) }),
        ...(to !== undefined && { to: momentOption(to) }),
        ...(most !== undefined && { most: Number(most) }),
      };
      const advice = await withApi(context, options, (api) =>
        reportOf<Advice>(context, api, '/policies/advise', body, options.namespace),
      );
      if (options.json === true) return void context.stdout.write(jsonLine(advice));
      const { cedar, calls, lost, check } = advice;
      const left = lost === 0 ? '' : ` Of ${lost} more nobody can tell any more whose they were.`;
      context.stderr.write(
        calls === 0
          ? `Nothing was called in that time.${left}\n`
          : `From ${calls} recorded calls; under these permits alone ${check.passed} of them pass.${left}\n`,
      );
      context.stdout.write(cedar);
    });
};
