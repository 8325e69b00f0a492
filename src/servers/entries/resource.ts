import type { ResourceContents } from '#contract';
import { isRecord, type JsonObject, type JsonValue } from '#kernel';
import {
  toolboxError,
  type Offered,
  type ReadContents,
  type Resource,
  type ResourceTemplate,
  type ToolCall,
} from '#toolbox';
import { ServerError } from '../connections/server-connection.ts';
import { serversError } from '../errors.ts';
import { membersBeside, seenBy, textIn, type Asker } from './asker.ts';
import { complete } from './completion.ts';
import { matchTemplate } from './match-template.ts';

const NAMED = ['uri', 'uriTemplate', 'name', 'title', 'description', 'mimeType', 'annotations', 'size', '_meta'];

/** A resource of a server. Its URI is the same in the namespace: links in answers lead there. */
export function federatedResource(raw: JsonObject, prefix: string, asker: Asker): Offered<Resource> | undefined {
  const uri = textIn(raw, 'uri');
  const { size } = raw;
  if (uri === undefined) return undefined;
  const there: Resource = {
    ...factsOf(raw, uri, asker),
    ...seenBy(asker, 'resources', raw),
    uri,
    size: typeof size === 'number' ? size : undefined,
    read: (call) => read(asker, uri, call),
    watch: (changed, signal) => asker.watch(uri, changed, signal),
  };
  return { here: { ...there, name: prefix + there.name }, there };
}

export function federatedTemplate(
  raw: JsonObject,
  prefix: string,
  asker: Asker,
): Offered<ResourceTemplate> | undefined {
  const uriTemplate = textIn(raw, 'uriTemplate');
  if (uriTemplate === undefined) return undefined;
  const there: ResourceTemplate = {
    ...factsOf(raw, uriTemplate, asker),
    ...seenBy(asker, 'resourceTemplates', raw),
    uriTemplate,
    match: matchTemplate(uriTemplate),
    read: (uri, _, call) => read(asker, uri, call),
    complete: (argument, typed, filled, call) =>
      complete(asker, { type: 'ref/resource', uri: uriTemplate }, { argument, typed, filled }, call),
  };
  return { here: { ...there, name: prefix + there.name }, there };
}

/** Whatever has a URI: whether the server has something there, it says itself. */
export const unlistedResources = (asker: Asker): ResourceTemplate => ({
  ...factsOf({}, 'unlisted', asker),
  uriTemplate: '{+uri}',
  match: (uri) => (/^[A-Za-z][A-Za-z0-9+.-]*:/.test(uri) ? { uri } : undefined),
  read: (uri, _, call) => read(asker, uri, call),
  complete: () => Promise.resolve([]),
});

function factsOf(raw: JsonObject, otherwise: string, { declaration }: Asker) {
  const { annotations, _meta } = raw;
  return {
    name: textIn(raw, 'name') ?? otherwise,
    title: textIn(raw, 'title'),
    description: textIn(raw, 'description'),
    mimeType: textIn(raw, 'mimeType'),
    annotations: isRecord(annotations) ? annotations : undefined,
    _meta: isRecord(_meta) ? _meta : undefined,
    otherMembers: membersBeside(raw, NAMED),
    server: declaration.name,
  };
}

/** Before 2026-07-28 a code of its own, and invalid params with the URI since (SEP-2164). */
const NOT_FOUND = -32002;
const INVALID_PARAMS = -32602;

async function read(asker: Asker, uri: string, call: ToolCall): Promise<ReadContents> {
  const { name } = asker.declaration;
  try {
    const result = await asker.ask({ method: 'resources/read', params: { uri } }, call);
    const { contents, resultType: _, ...beside } = result;
    const isContents = (one: JsonValue): boolean =>
      isRecord(one) &&
      typeof one['uri'] === 'string' &&
      (typeof one['text'] === 'string' || typeof one['blob'] === 'string');
    if (!Array.isArray(contents) || !contents.every(isContents))
      throw serversError('SERVER_ANSWER_INVALID', `\`${name}\` gave no contents of \`${uri}\``);
    return Object.assign([...contents] as unknown as ResourceContents[], { beside });
  } catch (error) {
    const cause = error instanceof Error ? error.cause : undefined;
    if (cause instanceof ServerError && (cause.code === NOT_FOUND || cause.code === INVALID_PARAMS))
      throw toolboxError('RESOURCE_NOT_FOUND', `\`${name}\` has nothing at \`${uri}\``, { cause: error });
    throw error;
  }
}
