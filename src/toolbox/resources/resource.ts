/** `kind: resource`: a text of the configuration, a file, or a handler, at one URI. */
import { dirname, resolve } from 'node:path';
import type { ResourceDeclaration } from '#contract';
import type { Logger } from '#kernel';
import { toolboxError } from '../errors.ts';
import type { ModuleSource } from '../sources/module/module-source.ts';
import type { Resource } from '../snapshot.ts';
import { contains, readContained } from './contained-file.ts';
import { contentsOf, typeOfName } from './contents.ts';
import { factsOf } from './facts.ts';
import { watchFile } from './file-watch.ts';

export type ResourceDeclared = ResourceDeclaration;

/** Publishes a resource. `source` is the module that a `type: module` names. Throws `ConfigurationFault`. */
export function openResource(declared: ResourceDeclared, log: Logger, source?: ModuleSource): Resource {
  switch (declared.type) {
    case 'text':
      return textResource(declared);
    case 'file':
      return fileResource(declared, log);
    default:
      return moduleResource(declared, source as ModuleSource);
  }
}

/** Toolbox's addresses for resources that name none. */
const uriOf = (declared: { ui: boolean; type: string; name: string; uri?: string | undefined }): string =>
  declared.uri ?? `${declared.ui ? 'ui' : declared.type}://${declared.name}`;

function textResource(declared: Extract<ResourceDeclared, { type: 'text' }>): Resource {
  const facts = { ...factsOf(declared), uri: uriOf(declared) };
  const mimeType = facts.mimeType ?? 'text/plain';
  const contents = [
    { uri: facts.uri, mimeType, text: declared.text, ...(facts._meta !== undefined && { _meta: facts._meta }) },
  ];
  return { ...facts, mimeType, size: Buffer.byteLength(declared.text), read: () => Promise.resolve(contents) };
}

function fileResource(declared: Extract<ResourceDeclared, { type: 'file' }>, log: Logger): Resource {
  const path = resolve(declared.directory, declared.path);
  // A relative path stays in the folder of its configuration, links included; an absolute one was meant.
  const folders = contains(declared.directory, path) ? [declared.directory] : [dirname(path)];
  const own = factsOf(declared);
  const facts = { ...own, mimeType: own.mimeType ?? typeOfName(path), uri: uriOf(declared) };
  return {
    ...facts,
    size: undefined,
    async read() {
      const bytes = await readContained(path, folders, declared.maxSize);
      if (bytes === undefined) {
        throw toolboxError(
          'RESOURCE_NOT_FOUND',
          `the file of the resource \`${declared.name}\` is not there or cannot be read`,
        );
      }
      return [contentsOf(bytes, facts)];
    },
    watch: (changed, signal) => watchFile(path, changed, signal, log),
  };
}

function moduleResource(declared: Extract<ResourceDeclared, { type: 'module' }>, source: ModuleSource): Resource {
  const handler = source.resource(declared.handler);
  const facts = { ...factsOf(declared, handler), uri: declared.uri };
  return {
    ...facts,
    size: handler.size,
    read: (call) => handler.read(facts, call),
    ...(handler.watch !== undefined && {
      watch: (changed: () => void, signal: AbortSignal) => handler.watch?.(changed, signal),
    }),
  };
}
