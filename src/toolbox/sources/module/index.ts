/**
 * sources/module: tools, prompts and resources written in TypeScript.
 *
 * `api.ts` is what a module imports; `import-module.ts` loads and reloads the file; `file-module.ts` is
 * the source. Each kind of export has its file: `module-tool.ts`, `module-prompt.ts`,
 * `module-resource.ts`; `module-context.ts` is what handlers have in hand, `module-schema.ts` and
 * `json-schema.ts` what their arguments are checked by.
 *
 * Modules are trusted: they are code of the operator, named in a configuration file, and run inside
 * the server. Nothing that comes through an API may ever name one.
 */
import type { SourceType } from '../source.ts';
import { moduleSourceSchema, type ModuleConfig } from './config.ts';
import { FileModule } from './file-module.ts';
import { moduleToolType } from './module-tool.ts';

export const moduleSourceType: SourceType<ModuleConfig> = {
  type: 'module',
  summary: 'A TypeScript file whose exports are tools, prompts and resources.',
  schema: moduleSourceSchema,
  toolTypes: [moduleToolType],
  open: (config, context) => new FileModule(config, context),
};
