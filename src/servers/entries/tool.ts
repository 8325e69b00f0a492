import {
  isLoopbackHost,
  mirroredParameters,
  valueAtPath,
  type ContentBlock,
  type McpServerDeclaration,
  type SourceCredential,
} from '#contract';
import { err, isRecord, ok, type JsonObject } from '#kernel';
import { sourceWay, tokenEndpoints } from '#outgoing-auth';
import {
  jsonSchemaCheck,
  labelsOf,
  manifestOfSchema,
  runWithin,
  toolboxError,
  type Tool,
  type ToolArguments,
  type ToolBody,
  type ToolOutput,
} from '#toolbox';
import type { AcceptedTool } from '../catalogue/index.ts';
import { encodeHeaderValue } from '../connections/index.ts';
import { serversError } from '../errors.ts';
import { seenBy, type Asker } from './asker.ts';

/** The server and, where tokens are fetched, who gives them; an authorization server that it names is its own affair. */
function egressOf({ url, auth }: McpServerDeclaration): readonly string[] {
  if (url === undefined) return [];
  const endpoints = auth?.type === 'oauth' ? [] : tokenEndpoints(auth);
  return [...new Set([url, ...endpoints.map((endpoint) => endpoint.url)].map((one) => new URL(one).origin))];
}

/** How requests to the server prove who they are, and whether others on the way can read that. */
export function credentialOf({ url, auth }: McpServerDeclaration): SourceCredential {
  const way = sourceWay(auth);
  const { protocol, hostname } = new URL(url ?? 'https://localhost');
  return { way, inTheClear: way !== 'none' && protocol === 'http:' && !isLoopbackHost(hostname) };
}

/** A tool of a server as a tool of the namespace. */
export function federatedTool(accepted: AcceptedTool, asker: Asker): Tool {
  const { declaration } = asker;
  const {
    raw: definition,
    name,
    theirName,
    inputSchema,
    outputSchema,
    annotations,
    otherMembers,
    description,
  } = accepted;
  const marks = mirroredParameters(inputSchema).flatMap(({ header, path }) =>
    typeof header === 'string' ? [{ header, path }] : [],
  );
  const checked = jsonSchemaCheck(inputSchema, 'theirs');
  const body: ToolBody = {
    run: async (args, context) => {
      const params = { name: theirName, arguments: args };
      const headers = headersOf(marks, args);
      return outputOf(
        await asker.ask({ method: 'tools/call', params, headers, definition }, context),
        declaration.name,
      );
    },
  };
  return {
    name,
    namespace: declaration.namespace,
    type: 'mcp',
    origin: 'federated',
    source: undefined,
    server: declaration.name,
    tags: [],
    title: accepted.title,
    description,
    inputSchema,
    outputSchema,
    annotations,
    scopesRequired: [],
    argumentTypes: {},
    authRequired: [],
    authenticatedParameters: new Map(),
    secureParameters: [],
    manifest: { description, parameters: manifestOfSchema(inputSchema), authRequired: [] },
    _meta: accepted._meta,
    otherMembers,
    ...seenBy(asker, 'tools', definition),
    labels: labelsOf({
      ...{ origin: 'federated', tool: { labels: [], trust: undefined }, source: declaration },
      openWorldHint: annotations.openWorldHint,
    }),
    timeoutMs: declaration.timeout,
    entry: ENTRY,
    definedBy: 'code',
    pins: declaration.pins,
    foundation: () => ({
      egress: egressOf(declaration),
      body: {
        ...{ type: 'mcp', server: declaration.name, tool: theirName },
        ...(otherMembers !== undefined && { members: otherMembers }),
      },
      credential: credentialOf(declaration),
      writes: annotations.readOnlyHint !== true,
    }),
    // What a server says of itself is no proof.
    mayWrite: () => true,
    check(raw) {
      const violations = checked(raw);
      if (violations.length === 0) return ok(raw);
      const said = withoutNulls(raw, inputSchema);
      return said !== undefined && checked(said).length === 0 ? ok(said) : err(violations);
    },
    run(args, call) {
      if (!asker.enter())
        return Promise.reject(toolboxError('TOOL_RELOADED', `a reload took the server of \`${name}\` away`));
      const limits = { timeoutMs: declaration.timeout, maxRows: Infinity, maxBytes: Infinity, readOnly: false };
      return runWithin(name, body, args, call, limits, () => asker.leave());
    },
  };
}

const ENTRY: Tool['entry'] = Object.freeze({
  ...{ owner: undefined, version: undefined, status: 'active', replacedBy: undefined, examples: [] },
  ...{ supportContact: undefined, documentationUrl: undefined, authDocumentation: undefined, decoy: false },
});

/**
 * The arguments without those that are null and need not be there, as models send what they leave open: where a schema
 * does not take null, it counts as absent, for tools of files and of servers alike. Undefined where there are none.
 */
function withoutNulls(args: ToolArguments, { properties, required }: JsonObject): ToolArguments | undefined {
  const isOpen = (name: string): boolean =>
    isRecord(properties) && Object.hasOwn(properties, name) && !(Array.isArray(required) && required.includes(name));
  const said = Object.entries(args).filter(([name, value]) => value !== null || !isOpen(name));
  return said.length < Object.keys(args).length ? Object.fromEntries(said) : undefined;
}

/** The result as it came: what its members mean beyond these is between the server and whoever called. */
function outputOf(result: JsonObject, server: string): ToolOutput {
  // Who is complete stands in our own answer.
  const { resultType: _, content = [], structuredContent, isError, _meta, ...others } = result;
  const wrong = (what: string) => serversError('SERVER_ANSWER_INVALID', `\`${server}\` answered, and ${what}`);
  if (!Array.isArray(content) || !content.every((block) => isRecord(block) && typeof block['type'] === 'string'))
    throw wrong('its `content` is no content');
  return {
    ...others,
    kind: 'content',
    content: content as unknown as readonly ContentBlock[],
    // A list or a text may be structured content from 2026-07-28 on.
    ...(structuredContent !== undefined && { structuredContent: structuredContent as JsonObject }),
    ...(isError !== undefined && { isError: isError === true }),
    ...(isRecord(_meta) && { _meta: _meta }),
  };
}

/** The marked arguments as the headers that repeat them (MCP 2026-07-28, Custom Headers). */
function headersOf(
  marks: readonly { readonly header: string; readonly path: readonly string[] }[],
  args: ToolArguments,
): Record<string, string> {
  return Object.fromEntries(
    marks.flatMap(({ header, path }) => {
      const value = valueAtPath(args, path);
      return value === undefined || value === null
        ? []
        : [
            [
              `mcp-param-${header.toLowerCase()}`,
              encodeHeaderValue(typeof value === 'string' ? value : JSON.stringify(value)),
            ],
          ];
    }),
  );
}
