/**
 * `structuredContent`: the part of an answer that a tool's `outputSchema` promises. What does not fit is
 * no answer: clients reject a whole result over one field that is not as published, and say nothing of
 * what the field was (MCP, Tools, Output Schema: servers MUST conform).
 */
import type { JsonObject, JsonValue } from '#kernel';
import { jsonSchemaCheck, type Row, type Tool, type ToolOutput } from '#toolbox';
import { gatewayError } from '../errors.ts';

/** The structured part of an output; undefined when the tool promises none and gives none. */
export function structuredContentOf({ outputSchema }: Tool, output: ToolOutput): JsonValue | undefined {
  if (outputSchema === undefined) return output.kind === 'content' ? output.structuredContent : undefined;
  return partOf(output, outputSchema);
}

/**
 * Throws `OUTPUT_INVALID` where the structured part is missing or breaks the promise, whatever door asks: what it is
 * told in, rows or text, is made of the same. A failure that the tool itself reports promises nothing.
 */
export function checkOutput(tool: Tool, output: ToolOutput): void {
  const { outputSchema } = tool;
  if (outputSchema === undefined || (output.kind === 'content' && output.isError === true)) return;
  const structured = partOf(output, outputSchema);
  if (structured === undefined) {
    const missing = output.kind === 'rows' ? 'found no row' : 'gave no structured content';
    throw gatewayError('OUTPUT_INVALID', `\`${tool.name}\` ${missing}, and its \`outputSchema\` promises one`);
  }
  const violations = jsonSchemaCheck(outputSchema, tool.origin === 'federated' ? 'theirs' : 'ours')(structured);
  if (violations.length === 0) return;
  const list = violations.map(({ path, message }) => (path === '' ? message : `\`${path}\` ${message}`));
  throw gatewayError(
    'OUTPUT_INVALID',
    `\`${tool.name}\` answered with something that its \`outputSchema\` does not allow: ${list.join('; ')}`,
    { details: { violations } },
  );
}

/** Whether the output is what the tool promises. */
export function keepsPromise(tool: Tool, output: ToolOutput): boolean {
  try {
    checkOutput(tool, output);
    return true;
  } catch {
    return false;
  }
}

function partOf(output: ToolOutput, schema: JsonObject): JsonValue | undefined {
  switch (output.kind) {
    case 'rows':
      return structuredRows(schema, output.rows);
    case 'value':
      return output.value;
    case 'content':
      return output.structuredContent;
  }
}

/** Rows under an output schema: the one row of an object schema, its `rows`, or the bare list. */
function structuredRows(schema: JsonObject, rows: readonly Row[]): JsonValue | undefined {
  if (schema['type'] !== 'object') return rows as unknown as JsonValue;
  const properties = schema['properties'];
  const wantsList = typeof properties === 'object' && properties !== null && 'rows' in properties;
  return (wantsList ? { rows } : rows[0]) as JsonValue | undefined;
}
