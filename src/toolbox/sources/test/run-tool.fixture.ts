import { z } from 'zod';
import { NOBODY } from '#contract';
import { silentLogger } from '#kernel';
import { DEFAULT_LIMITS } from '../../tools/limits.ts';
import type { RunContext, ToolArguments, ToolBuildContext, ToolOutput, ToolType } from '../../tools/tool-type.ts';
import type { Source } from '../source.ts';

interface ToolOptions {
  /** The fields of the document beside those every tool has. */
  readonly fields?: Readonly<Record<string, unknown>>;
  readonly build?: Partial<ToolBuildContext>;
  readonly run?: Partial<RunContext>;
}

/** Builds a tool of a type on a source and runs it once with arguments as they are after checking. */
export async function runTool<Config>(
  type: ToolType<Config>,
  source: Source,
  args: ToolArguments,
  { fields = {}, build = {}, run = {} }: ToolOptions = {},
): Promise<ToolOutput> {
  const body = type.build(z.parse(type.schema, fields), {
    name: 'tool-in-a-test',
    directory: '.',
    source,
    sourceName: 'source-in-a-test',
    parameters: [],
    templateParameters: [],
    readOnly: false,
    ...build,
  });
  return body.run(args, {
    signal: new AbortController().signal,
    ...DEFAULT_LIMITS,
    readOnly: build.readOnly ?? false,
    log: silentLogger,
    caller: NOBODY,
    client: {
      progress: () => undefined,
      log: () => undefined,
      capabilities: {},
      request: async () => Promise.reject(new Error('there is no client behind a test')),
      state: undefined,
    },
    ...run,
  });
}
