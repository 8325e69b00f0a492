import type { InstallCommands } from '../context.ts';
import { addImportOpenApi } from './import-openapi.ts';

/** `chatelaine tool …`: making tools of what is there already. */
export const installToolCommands: InstallCommands = (program, context) => {
  const tool = program.command('tool').description('make tools of other descriptions');
  addImportOpenApi(tool.command('import').description('write tools from another format'), context);
};
