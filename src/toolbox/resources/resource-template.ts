/** `kind: resourceTemplate`: the files of some folders, or a handler, at the URIs of a template. */
import { readdir } from 'node:fs/promises';
import { dirname, join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { ResourceTemplateDeclaration } from '#contract';
import { toolboxError } from '../errors.ts';
import type { ModuleSource } from '../sources/module/module-source.ts';
import type { ResourceTemplate } from '../snapshot.ts';
import { ConfigurationFault } from '../tools/tool-type.ts';
import { isInside, readContained, realOrUndefined } from './contained-file.ts';
import { contentsOf, typeOfName } from './contents.ts';
import { factsOf } from './facts.ts';
import { compileUriTemplate } from './uri-template.ts';

export type ResourceTemplateDeclared = ResourceTemplateDeclaration;

/** Publishes a template. `source` is the module that a `type: module` names. Throws `ConfigurationFault`. */
export function openResourceTemplate(declared: ResourceTemplateDeclared, source?: ModuleSource): ResourceTemplate {
  return declared.type === 'file' ? fileTemplate(declared) : moduleTemplate(declared, source as ModuleSource);
}

function moduleTemplate(
  declared: Extract<ResourceTemplateDeclared, { type: 'module' }>,
  source: ModuleSource,
): ResourceTemplate {
  const handler = source.resourceTemplate(declared.handler);
  const facts = factsOf(declared, handler);
  return {
    ...facts,
    uriTemplate: declared.uriTemplate,
    match: compileUriTemplate(declared.uriTemplate).match,
    read: (uri, variables, call) => handler.read({ uri, mimeType: facts.mimeType }, variables, call),
    complete: (variable, typed, filled) => handler.complete(variable, typed, filled),
  };
}

function fileTemplate(declared: Extract<ResourceTemplateDeclared, { type: 'file' }>): ResourceTemplate {
  const { uriTemplate, maxSize } = declared;
  const template = compileUriTemplate(uriTemplate, ['path']);
  const [odd] = template.variables.filter((name) => name !== 'path');
  if (odd !== undefined)
    throw new ConfigurationFault(['uriTemplate'], `\`{${odd}}\` has no meaning here; a file has a \`{path}\``);
  const folders = foldersOf(declared);
  // `{path}.json` leaves the ending to the template: values and suggestions do without it.
  const ending = uriTemplate.slice(uriTemplate.indexOf('{path}') + '{path}'.length);
  const facts = factsOf(declared);
  return {
    ...facts,
    uriTemplate,
    match: template.match,
    async read(uri, { path = '' }) {
      for (const place of placesOf(uri, path + ending, folders)) {
        const bytes = await readContained(place, folders, maxSize);
        if (bytes !== undefined)
          return [contentsOf(bytes, { ...facts, mimeType: facts.mimeType ?? typeOfName(place), uri })];
      }
      throw toolboxError('RESOURCE_NOT_FOUND', `no file is at \`${uri}\``);
    },
    complete: (variable, typed) => (variable === 'path' ? completePath(typed, ending, folders) : Promise.resolve([])),
  };
}

/** The folders that a template may read from: those it names, else the one that its URIs begin with. */
function foldersOf(declared: Extract<ResourceTemplateDeclared, { type: 'file' }>): readonly string[] {
  const { allowedPaths, uriTemplate, directory } = declared;
  if (allowedPaths !== undefined) return allowedPaths.map((path) => resolve(directory, path));
  const prefix = uriTemplate.slice(0, uriTemplate.indexOf('{path}'));
  const folder = filePathOf(`${prefix}x`);
  if (folder === undefined || dirname(folder) === '/') {
    throw new ConfigurationFault(
      [],
      '`allowedPaths` is missing: without it every file of this machine could be read',
      'name the folders that the files are in',
    );
  }
  return [dirname(folder)];
}

/**
 * Where the file of a URI may be: a path below one of the folders, or, for a `file:` URI, the path that
 * it spells. Nothing that climbs, hides or means something to another operating system is looked for.
 */
function placesOf(uri: string, path: string, folders: readonly string[]): string[] {
  // Backslashes and colons: UNC names, drive letters and NTFS streams, whatever system this is.
  if (/[\\:\0]/.test(path)) return [];
  const absolute = path.startsWith('/');
  const segments = path.slice(absolute ? 1 : 0).split('/');
  if (segments.some((segment) => segment === '' || segment.startsWith('.'))) return [];
  const spelled = filePathOf(uri);
  const below = absolute ? [] : folders.map((folder) => join(folder, path));
  return spelled === undefined ? below : [...below, spelled];
}

/** The local path of a `file:` URI. */
function filePathOf(uri: string): string | undefined {
  const url = URL.parse(uri);
  if (url === null || url.protocol !== 'file:' || url.hostname !== '') return undefined;
  try {
    return fileURLToPath(url);
  } catch {
    return undefined;
  }
}

const MOST_COMPLETIONS = 100;

/** Files (without the template's ending) and folders (with a slash) that continue what was typed. */
async function completePath(typed: string, ending: string, folders: readonly string[]): Promise<readonly string[]> {
  const cut = typed.lastIndexOf('/') + 1;
  const [above, begin] = [typed.slice(0, cut), typed.slice(cut)];
  const found = new Set<string>();
  for (const folder of folders) {
    if (above !== '' && placesOf('', above.slice(0, -1), folders).length === 0) continue;
    const real = await realOrUndefined(join(folder, above));
    if (real === undefined || !(await isInside(real, folders))) continue;
    for (const entry of await readdir(real, { withFileTypes: true }).catch(() => [])) {
      if (entry.name.startsWith('.') || !entry.name.startsWith(begin)) continue;
      if (entry.isDirectory()) found.add(`${above}${entry.name}/`);
      else if (entry.name.endsWith(ending)) found.add(above + entry.name.slice(0, entry.name.length - ending.length));
    }
  }
  return [...found].sort().slice(0, MOST_COMPLETIONS);
}
