import type { InstallCommands } from '../context.ts';
import { addAgentList } from './list.ts';
import { addAgentDisable, addAgentEnable } from './switch.ts';

/** `chatelaine agent …`: who calls. */
export const installAgentCommands: InstallCommands = (program, context) => {
  const agent = program.command('agent').description('list the agents, cut them off and let them in again');
  for (const add of [addAgentList, addAgentDisable, addAgentEnable]) add(agent, context);
};
