/** A `defineTool` export as a tool: its schema checks the call, its handler runs, its answer is checked too. */
import { err, ok, type JsonObject } from '#kernel';
import { z } from 'zod';
import { toolboxError } from '../../errors.ts';
import type { Violation } from '../../snapshot.ts';
import { ConfigurationFault, type ToolBody, type ToolOutput, type ToolType } from '../../tools/tool-type.ts';
import type { ToolDefinition } from './api.ts';
import { runHandler } from './module-context.ts';
import { moduleSchema, type ModuleSchema } from './module-schema.ts';
import type { ModuleSource } from './module-source.ts';
import { outputOf } from './tool-answer.ts';

const moduleToolSchema = z.strictObject({
  handler: z.string().min(1).optional().describe('The export that runs; the name of the tool otherwise.'),
});

export const moduleToolType: ToolType<z.output<typeof moduleToolSchema>> = {
  type: 'module',
  summary: 'Runs an export of a module made by `defineTool`.',
  schema: moduleToolSchema,
  build(config, { source, name, parameters, templateParameters }) {
    for (const [field, declared] of Object.entries({ parameters, templateParameters })) {
      if (declared.length > 0) {
        throw new ConfigurationFault(
          [field],
          `a tool of a module takes its parameters from the module, not from \`${field}\``,
        );
      }
    }
    return (source as ModuleSource).tool(config.handler ?? name);
  },
};

const NO_ARGUMENTS: JsonObject = { type: 'object', additionalProperties: false };

/** Throws `ConfigurationFault` at `handler` for schemas that cannot be published. */
export function moduleTool(name: string, definition: ToolDefinition): ToolBody {
  const input = moduleSchema('inputSchema', definition.inputSchema ?? NO_ARGUMENTS, 'input');
  if (input.published['type'] !== 'object') {
    throw new ConfigurationFault(
      ['handler'],
      `\`inputSchema\` of \`${name}\` does not describe an object (\`type: "object"\`)`,
    );
  }
  const output = definition.outputSchema && moduleSchema('outputSchema', definition.outputSchema, 'output');
  const { title, description, annotations, _meta } = definition;
  return {
    inputSchema: input.published,
    // The caller's own words travel on, and are parsed where they are used: policy and audit see what
    // was sent, not what a transformation of the module made of it.
    check(raw) {
      const parsed = input.parse(raw);
      return parsed.ok ? ok(raw) : err(parsed.error);
    },
    ...(output && { outputSchema: output.published }),
    ...(title !== undefined && { title }),
    ...(description !== undefined && { description }),
    ...(annotations !== undefined && { annotations }),
    ...(_meta !== undefined && { _meta }),
    async run(args, call) {
      const parsed = input.parse(args);
      if (!parsed.ok)
        throw toolboxError('TOOL_FAILED', `\`${name}\` was given arguments that it refuses: ${listed(parsed.error)}`);
      const answer = await runHandler(name, call, (context) => definition.handler(parsed.value, context));
      const shaped = outputOf(answer);
      if (typeof shaped === 'string') throw toolboxError('TOOL_FAILED', `\`${name}\` answered with ${shaped}`);
      if (output) checkOutput(name, output, shaped);
      return shaped;
    },
  };
}

/** A client may reject the whole answer over one field that is not as published (MCP, Output Schema). */
function checkOutput(name: string, schema: ModuleSchema, output: ToolOutput): void {
  if (output.kind === 'content' && output.isError === true) return;
  const structured =
    output.kind === 'value' ? output.value : output.kind === 'content' ? output.structuredContent : undefined;
  const parsed = schema.parse(structured);
  if (parsed.ok) return;
  throw toolboxError(
    'TOOL_FAILED',
    `\`${name}\` answered with something that its \`outputSchema\` does not allow: ${listed(parsed.error)}`,
  );
}

const listed = (violations: readonly Violation[]): string =>
  violations.map(({ path, message }) => (path === '' ? message : `\`${path}\` ${message}`)).join('; ');
