/** `kind: source, type: module`: one file of exports. */
import { resolve } from 'node:path';
import type { PinMode } from '#contract';
import { didYouMean, isRecord, type Logger } from '#kernel';
import { ConfigurationFault, type ToolBody } from '../../tools/tool-type.ts';
import type { SourceContext } from '../source.ts';
import type { PromptDefinition, ResourceDefinition, ResourceTemplateDefinition, ToolDefinition } from './api.ts';
import type { ModuleConfig } from './config.ts';
import { importModule, type ImportedModule } from './import-module.ts';
import { modulePrompt } from './module-prompt.ts';
import { moduleResource, moduleResourceTemplate } from './module-resource.ts';
import type { ModulePrompt, ModuleResource, ModuleResourceTemplate, ModuleSource } from './module-source.ts';
import { moduleTool } from './module-tool.ts';

interface Definitions {
  tool: ToolDefinition;
  prompt: PromptDefinition;
  resource: ResourceDefinition;
  resourceTemplate: ResourceTemplateDefinition;
}

const MADE_BY: Readonly<Record<keyof Definitions, string>> = {
  tool: 'defineTool',
  prompt: 'definePrompt',
  resource: 'defineResource',
  resourceTemplate: 'defineResourceTemplate',
};

/** The function that a definition is worth nothing without. */
const ESSENCE: Readonly<Record<keyof Definitions, string>> = {
  tool: 'handler',
  prompt: 'handler',
  resource: 'read',
  resourceTemplate: 'read',
};

const LOAD_TIMEOUT_MS = 30_000;

export class FileModule implements ModuleSource {
  readonly type = 'module';
  readonly pins: PinMode;
  readonly #path: string;
  readonly #written: string;
  readonly #log: Logger;
  #module: ImportedModule | undefined;

  constructor(config: ModuleConfig, context: SourceContext) {
    this.#path = resolve(context.directory, config.path);
    this.#written = config.path;
    this.pins = config.pins;
    this.#log = context.log;
  }

  get files(): readonly string[] {
    // Also before it could be read: the fault may be repaired in the file itself.
    return this.#module?.files ?? [this.#path];
  }

  async load(): Promise<void> {
    const { promise: late, reject } = Promise.withResolvers<never>();
    const timer = setTimeout(() => reject(new Error('it did not finish loading within 30 s')), LOAD_TIMEOUT_MS);
    try {
      this.#module = await Promise.race([importModule(this.#path), late]);
    } catch (cause) {
      throw new ConfigurationFault(
        ['path'],
        `\`${this.#written}\` cannot be imported: ${reasonOf(cause, this.#path)}`,
        hintFor(cause),
      );
    } finally {
      clearTimeout(timer);
    }
  }

  tool(handler: string): ToolBody {
    return moduleTool(handler, this.#find(handler, 'tool'));
  }

  prompt(handler: string): ModulePrompt {
    return modulePrompt(handler, this.#find(handler, 'prompt'));
  }

  resource(handler: string): ModuleResource {
    return moduleResource(handler, this.#find(handler, 'resource'), this.#log);
  }

  resourceTemplate(handler: string): ModuleResourceTemplate {
    return moduleResourceTemplate(handler, this.#find(handler, 'resourceTemplate'));
  }

  async check(): Promise<void> {}

  async close(): Promise<void> {}

  #find<Kind extends keyof Definitions>(handler: string, kind: Kind): Definitions[Kind] {
    const exports = this.#module?.exports ?? {};
    const maker = MADE_BY[kind];
    if (!Object.hasOwn(exports, handler)) {
      const names = Object.keys(exports).filter((name) => isRecord(exports[name]) && exports[name]['kind'] === kind);
      const offered = names.length === 0 ? `; it exports nothing made by \`${maker}\`` : didYouMean(handler, names);
      throw new ConfigurationFault(['handler'], `\`${this.#written}\` exports no \`${handler}\`${offered}`);
    }
    const found = exports[handler];
    if (!isRecord(found) || found['kind'] !== kind || typeof found[ESSENCE[kind]] !== 'function') {
      throw new ConfigurationFault(['handler'], `\`${handler}\` of \`${this.#written}\` is not made by \`${maker}\``);
    }
    return found as unknown as Definitions[Kind];
  }
}

function reasonOf(cause: unknown, path: string): string {
  const { code, path: at, message } = cause as NodeJS.ErrnoException;
  // The module's own code may look for files as well.
  if (code === 'ENOENT' && at === path) return 'there is no such file';
  if (code === 'EISDIR' || code === 'ERR_UNSUPPORTED_DIR_IMPORT') return 'it is a folder';
  const [line = ''] = (message ?? String(cause)).split('\n');
  return line.replace(/\?chatelaine-edition=\d+/g, '');
}

function hintFor(cause: unknown): string | undefined {
  const { code } = cause as NodeJS.ErrnoException;
  if (code === 'ERR_UNSUPPORTED_TYPESCRIPT_SYNTAX') {
    return 'TypeScript is run by leaving its types out: no enums, namespaces or parameter properties.';
  }
  if (code === 'ERR_MODULE_NOT_FOUND')
    return 'Imports name files with their ending (`./cities.ts`); packages must be installed beside the module.';
  return undefined;
}
