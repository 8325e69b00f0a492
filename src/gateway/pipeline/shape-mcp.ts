/**
 * A tool's output as an MCP `CallToolResult`: rows become one text item each (as MCP Toolbox does,
 * whose clients join them again), values one item, content passes as the tool made it.
 */
import type { ContentBlock } from '#contract';
import type { ChatelaineError, JsonObject, JsonValue } from '#kernel';
import type { Tool, ToolOutput, Truncation } from '#toolbox';
import type { AnswerMarks } from '../shaping/index.ts';
import { structuredContentOf } from './structured-output.ts';

export interface CallToolResult {
  readonly content: readonly ContentBlock[];
  readonly structuredContent?: JsonValue;
  readonly isError?: boolean;
  readonly _meta?: JsonObject;
}

/** Shapes an output that is what its tool promises. */
export function shapeForMcp(tool: Tool, output: ToolOutput, marks?: AnswerMarks): CallToolResult {
  const result = resultOf(tool, output);
  if (marks === undefined) return result;
  const { before, after } = marks.around ?? {};
  const text = (said: string | undefined): readonly ContentBlock[] =>
    said === undefined ? [] : [{ type: 'text', text: said }];
  return {
    ...result,
    content: [...text(before), ...result.content, ...text(after)],
    // Ours last: what a tool of somebody else says of itself is not to say that it is trusted.
    _meta: { ...result._meta, ...marks.meta },
  };
}

function resultOf(tool: Tool, output: ToolOutput): CallToolResult {
  const structured = structuredContentOf(tool, output);
  switch (output.kind) {
    case 'rows': {
      const content: ContentBlock[] = output.rows.map((row) => ({ type: 'text', text: JSON.stringify(row) }));
      if (output.rows.length === 0 && output.affected !== undefined)
        content.push({ type: 'text', text: JSON.stringify({ affectedRows: output.affected }) });
      const result = { content, ...(structured !== undefined && { structuredContent: structured }) };
      if (output.truncated === undefined) return result;
      content.push({ type: 'text', text: truncationNotice(output.truncated, output.rows.length) });
      return { ...result, _meta: { 'dev.chatelaine/truncated': { ...output.truncated } } };
    }
    case 'value': {
      const text = typeof output.value === 'string' ? output.value : JSON.stringify(output.value);
      return {
        content: [{ type: 'text', text }],
        ...(structured !== undefined && { structuredContent: structured }),
      };
    }
    case 'content': {
      const { kind: _, ...result } = output;
      return result;
    }
  }
}

/** What a reader must know to not take a part for the whole. */
export function truncationNotice(truncated: Truncation, shown: number): string {
  return truncated.by === 'maxRows'
    ? `The answer was cut after ${shown} rows (maxRows ${truncated.limit}); there are more. Narrow the question to see the rest.`
    : `The answer was cut after ${shown} rows because it exceeds ${truncated.limit} bytes (maxBytes). Narrow the question to see the rest.`;
}

/** A failure that the model should see and can act on (MCP: errors of the tool stand in the result). */
export function shapeFailure(error: ChatelaineError): CallToolResult {
  const { code, remedy, details } = error;
  const approval = details?.['approval'] as JsonObject | undefined;
  const link = details?.['link'] as JsonObject | undefined;
  return {
    content: [{ type: 'text', text: error.message }],
    isError: true,
    _meta: { 'dev.chatelaine/error': { code, remedy, ...(approval && { approval }), ...(link && { link }) } },
  };
}
