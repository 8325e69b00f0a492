/** A tool made in code, for whoever needs one to be called: it does one thing, and says no more of itself than told. */
import { ok, type JsonValue } from '#kernel';
import type { Tool, ToolArguments, ToolCall, ToolOutput } from '#toolbox';

export interface TestTool {
  readonly name: string;
  readonly run: (args: ToolArguments, call: ToolCall) => Promise<ToolOutput>;
  readonly overrides?: Partial<Tool>;
}

/** What checked arguments are where a document has parameters: of a class of their own that inherits nothing. */
const Arguments = function () {} as unknown as new () => Record<string, JsonValue>;
Arguments.prototype = Object.freeze(Object.create(null));

export function testTool({ name, run, overrides }: TestTool): Tool {
  return {
    name,
    namespace: 'default',
    type: 'test',
    origin: 'declared',
    source: undefined,
    tags: [],
    title: undefined,
    description: `The test tool ${name}.`,
    inputSchema: { type: 'object', properties: {} },
    outputSchema: undefined,
    annotations: {},
    scopesRequired: [],
    argumentTypes: {},
    entry: {
      owner: undefined,
      version: undefined,
      status: 'active',
      replacedBy: undefined,
      examples: [],
      supportContact: undefined,
      documentationUrl: undefined,
      authDocumentation: undefined,
      decoy: false,
    },
    definedBy: 'document',
    pins: undefined,
    foundation: () => ({ egress: [], body: {}, credential: { way: 'none', inTheClear: false }, writes: false }),
    authRequired: [],
    authenticatedParameters: new Map(),
    secureParameters: [],
    manifest: { description: `The test tool ${name}.`, parameters: [], authRequired: [] },
    _meta: undefined,
    timeoutMs: 30_000,
    mayWrite: () => true,
    check: (raw, supplied) => ok(Object.assign(new Arguments(), raw, supplied)),
    run,
    ...overrides,
  };
}
