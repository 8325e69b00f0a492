/**
 * The port between a module source and what publishes its exports. Tools go through the tool type
 * `module`; prompts, resources and templates are asked for here by the name of their export.
 */
import type { Prompt, Resource, ResourceTemplate } from '../../snapshot.ts';
import type { ToolBody } from '../../tools/tool-type.ts';
import type { Source } from '../source.ts';

/**
 * A loaded module. `load` comes first and once; the four lookups after it throw `ConfigurationFault`
 * at `['handler']` when the export is missing or of another kind.
 */
export interface ModuleSource extends Source {
  readonly type: 'module';
  /** Imports the file; throws `ConfigurationFault` at `['path']` when that fails. */
  load(): Promise<void>;
  /** The file of the module and those that it imports by path. */
  readonly files: readonly string[];
  tool(handler: string): ToolBody;
  prompt(handler: string): ModulePrompt;
  resource(handler: string): ModuleResource;
  resourceTemplate(handler: string): ModuleResourceTemplate;
}

export type ModulePrompt = Omit<Prompt, 'name'>;

/** Name and URI belong to the configuration document. */
export type ModuleResource = Omit<Resource, 'name' | 'uri' | 'read'> & {
  read(facts: PublishedAs, call: Call): ReturnType<Resource['read']>;
};

export type ModuleResourceTemplate = Omit<ResourceTemplate, 'name' | 'uriTemplate' | 'match' | 'read'> & {
  read(facts: PublishedAs, variables: Readonly<Record<string, string>>, call: Call): ReturnType<Resource['read']>;
};

/** What contents say about themselves where the handler leaves it out. */
export interface PublishedAs {
  readonly uri: string;
  readonly mimeType: string | undefined;
}

type Call = Parameters<Resource['read']>[0];
