/** An `http` source and tool from the fields that a document would have. */
import { silentLogger, systemClock, type Clock, type JsonObject } from '#kernel';
import { NOBODY, type ClientFace } from '#contract';
import { secretsOf } from '../../../secrets/test/vault.fixture.ts';
import type { SourceSecrets } from '../../../secrets/index.ts';
import type { RunContext, ToolBody } from '../../../tools/tool-type.ts';
import type { HttpSource } from '../http-source.ts';
import { httpSourceType } from '../index.ts';

export const nobody: ClientFace = {
  progress: () => {},
  log: () => {},
  capabilities: {},
  request: () => Promise.reject(new Error('nobody is there to ask')),
  state: undefined,
};

export const runContext = (more: Partial<RunContext> = {}): RunContext => ({
  signal: new AbortController().signal,
  timeoutMs: 30_000,
  maxRows: 1000,
  maxBytes: 1_000_000,
  readOnly: false,
  client: nobody,
  log: silentLogger,
  caller: NOBODY,
  ...more,
});

/** A source on loopback, unless the fields say otherwise. */
export function openSource(
  fields: JsonObject,
  secrets: SourceSecrets = secretsOf(),
  clock: Clock = systemClock,
): HttpSource {
  const config = httpSourceType.schema.parse({ allowedIpRanges: ['127.0.0.0/8'], ...fields });
  return httpSourceType.open(config, {
    name: 'api',
    directory: import.meta.dirname,
    log: silentLogger,
    clock,
    secrets,
  }) as HttpSource;
}

export function buildTool(
  source: HttpSource,
  fields: JsonObject,
  more: { readonly readOnly?: boolean } = {},
): ToolBody {
  const [type] = httpSourceType.toolTypes;
  if (type === undefined) throw new Error('the http source has no tool type');
  return type.build(type.schema.parse(fields), {
    name: 'tool',
    directory: import.meta.dirname,
    source,
    sourceName: 'api',
    parameters: [],
    templateParameters: [],
    readOnly: false,
    ...more,
  });
}

/** A required string parameter, or what `more` makes of it. */
export const parameter = (name: string, more: JsonObject = {}): JsonObject => ({
  name,
  type: 'string',
  description: name,
  ...more,
});
