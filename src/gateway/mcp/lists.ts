/**
 * The bodies of `tools/list` and its siblings, encoded once per group and era and shared as bytes by
 * every caller: encoding 1,000 tools anew costs a millisecond, and a string body four times the CPU of
 * a buffer (it is encoded to UTF-8 for each reply). A group lives as long as its snapshot; its bodies
 * go with it.
 */
import type { JsonObject, JsonValue } from '#kernel';
import {
  deprecationMeta,
  shownDescription,
  type Group,
  type Prompt,
  type Resource,
  type ResourceTemplate,
} from '#toolbox';
import { shownTools, type ListedTool } from './progressive.ts';
import { checkAccess } from '../pipeline/access.ts';
import type { Decisions } from '../decisions/index.ts';
import { EncodedResult, type Exchange } from './exchange.ts';
import { INVALID_PARAMS, RpcError } from './json-rpc.ts';
import { META_SERVER_INFO, type Era } from './revision.ts';

export type ListKind = 'tools' | 'prompts' | 'resources' | 'resourceTemplates';

export class Lists {
  readonly #pageSize: number;
  readonly #serverInfo: JsonObject;
  readonly #decisions: Decisions;
  readonly #progressiveFrom: number;
  readonly #pages = new WeakMap<Group, Map<string, readonly EncodedResult[]>>();

  /** `progressiveFrom`: from how many tools on they are found instead, where the group says nothing of it. */
  constructor(options: { pageSize: number; progressiveFrom: number; serverInfo: JsonObject; decisions: Decisions }) {
    this.#decisions = options.decisions;
    this.#progressiveFrom = options.progressiveFrom;
    this.#pageSize = options.pageSize;
    this.#serverInfo = options.serverInfo;
  }

  /**
   * The page of a list that the caller asks for, of what the caller sees. Throws `FORBIDDEN_ACCESS` for a
   * credential that does not read, and refuses a cursor that is not of this list.
   */
  page(exchange: Exchange, kind: ListKind): EncodedResult | Promise<EncodedResult> {
    const { principal, peer, view, revision, params } = exchange;
    checkAccess(principal, 'read');
    const group = this.#decisions.listed({ principal, peer, door: 'mcp' }, view, exchange.group);
    const pageOf = (seen: Group): EncodedResult => this.#page(seen, kind, revision.era, params['cursor']);
    return group instanceof Promise ? group.then(pageOf) : pageOf(group);
  }

  #page(group: Group, kind: ListKind, era: Era, cursor: unknown): EncodedResult {
    const pages = this.#pagesOf(group, kind, era);
    const page = pages[cursor === undefined ? 0 : readCursor(cursor, kind)];
    if (page === undefined) throw invalidCursor();
    return page;
  }

  #pagesOf(group: Group, kind: ListKind, era: Era): readonly EncodedResult[] {
    let kinds = this.#pages.get(group);
    if (kinds === undefined) this.#pages.set(group, (kinds = new Map()));
    const key = `${era} ${kind}`;
    let pages = kinds.get(key);
    if (pages === undefined) kinds.set(key, (pages = this.#encode(group, kind, era)));
    return pages;
  }

  #encode(group: Group, kind: ListKind, era: Era): readonly EncodedResult[] {
    const entries = entriesOf(group, kind, era, this.#progressiveFrom);
    const count = Math.max(1, Math.ceil(entries.length / this.#pageSize));
    return Array.from({ length: count }, (_, page) => {
      const result = {
        ...(era === 'stateless' && {
          resultType: 'complete',
          _meta: { [META_SERVER_INFO]: this.#serverInfo },
          ttlMs: group.ttlMs,
          cacheScope: group.cacheScope,
        }),
        ...(page + 1 < count && { nextCursor: writeCursor(page + 1, kind) }),
        [kind]: entries.slice(page * this.#pageSize, (page + 1) * this.#pageSize),
      };
      return new EncodedResult([Buffer.from(JSON.stringify(result))]);
    });
  }
}

function entriesOf(group: Group, kind: ListKind, era: Era, progressiveFrom: number): readonly object[] {
  switch (kind) {
    case 'tools':
      return shownTools(group, progressiveFrom).map((tool) =>
        listedTool(tool, era, group.doorNames?.shown.get(tool.name)),
      );
    case 'prompts':
      return group.prompts.map(listedPrompt);
    case 'resources':
      return group.resources.map(listedResource);
    case 'resourceTemplates':
      return group.resourceTemplates.map(listedTemplate);
  }
}

/**
 * A tool as a list shows it. Its scopes stand in `_meta`, so that a client can step up beforehand. What its own server
 * says beyond what we know stays, and never in the place of what we say.
 */
export function listedTool(tool: ListedTool, era: Era, name = tool.name): JsonObject {
  const meta: Record<string, JsonValue> = {};
  for (const [key, value] of Object.entries(tool._meta ?? {}))
    meta[era === 'stateless' ? key.replace(/^toolbox\//, 'com.google.cloud/') : key] = value;
  Object.assign(meta, deprecationMeta(tool));
  const { scopesRequired = [] } = tool;
  if (scopesRequired.length > 0) meta['dev.chatelaine/scopesRequired'] = [...scopesRequired];
  // Before 2026-07-28 an output schema describes an object and nothing else.
  const outputSchema = era === 'stateless' || tool.outputSchema?.['type'] === 'object' ? tool.outputSchema : undefined;
  return {
    ...tool.otherMembers,
    name,
    ...(tool.title !== undefined && { title: tool.title }),
    description: shownDescription(tool),
    inputSchema: tool.inputSchema,
    ...(era === 'stateless' && tool.secureInputSchema !== undefined && { secureInputSchema: tool.secureInputSchema }),
    ...(outputSchema !== undefined && { outputSchema }),
    annotations: { ...tool.annotations },
    ...(Object.keys(meta).length > 0 && { _meta: meta }),
  };
}

const listedPrompt = (prompt: Prompt): object => ({
  ...prompt.otherMembers,
  name: prompt.name,
  title: prompt.title,
  description: prompt.description,
  arguments: prompt.arguments,
});

const listedResource = (resource: Resource): object => ({
  ...resource.otherMembers,
  uri: resource.uri,
  name: resource.name,
  title: resource.title,
  description: resource.description,
  mimeType: resource.mimeType,
  annotations: resource.annotations,
  size: resource.size,
  _meta: resource._meta,
});

const listedTemplate = (template: ResourceTemplate): object => ({
  ...template.otherMembers,
  uriTemplate: template.uriTemplate,
  name: template.name,
  title: template.title,
  description: template.description,
  mimeType: template.mimeType,
  annotations: template.annotations,
  _meta: template._meta,
});

const writeCursor = (page: number, kind: ListKind): string => Buffer.from(`${kind}:${page}`).toString('base64url');

function readCursor(cursor: unknown, kind: ListKind): number {
  if (typeof cursor !== 'string') throw invalidCursor();
  const match = /^(\w+):(\d{1,6})$/.exec(Buffer.from(cursor, 'base64url').toString('latin1'));
  if (match?.[1] !== kind) throw invalidCursor();
  return Number(match[2]);
}

const invalidCursor = (): RpcError =>
  new RpcError(INVALID_PARAMS, '`cursor` is not one of this list; list again from the start');
