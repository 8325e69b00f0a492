import type { InstallCommands } from '../context.ts';
import { addToolApprove, addToolDiff, addToolQuarantine, addToolReject } from './decide.ts';
import { addImportOpenApi } from './import-openapi.ts';
import { addToolLint, addToolRegister, addToolUpdate } from './publish.ts';
import { addToolSearch } from './search.ts';
import { addToolDelete, addToolList, addToolRestore, addToolShow, addToolStatus } from './verbs.ts';

/** `chatelaine tool …`: what there is to call, and the tools that publishers register. */
export const installToolCommands: InstallCommands = (program, context) => {
  const tool = program
    .command('tool')
    .description('find, register and approve tools, and make them of other descriptions');
  for (const add of [
    addToolSearch,
    addToolList,
    addToolShow,
    addToolRegister,
    addToolUpdate,
    addToolLint,
    addToolStatus,
    addToolRestore,
    addToolDelete,
  ]) {
    add(tool, context);
  }
  for (const add of [addToolDiff, addToolApprove, addToolReject, addToolQuarantine]) add(tool, context);
  addImportOpenApi(tool.command('import').description('write tools from another format'), context);
};
