import type { JsonObject } from '#kernel';
import { loadToolSearch, LONGEST_QUERY, LONGEST_TAG, MOST_FOUND, MOST_TAGS, type Question } from '#registry';
import type { Violation } from '#toolbox';
import { argumentsInvalid } from '../../pipeline/check-arguments.ts';
import type { CallToolResult } from '../../pipeline/shape-mcp.ts';
import type { Exchange } from '../exchange.ts';
import { listedTool } from '../lists.ts';
import { McpConsultation } from '../pipeline-request.ts';
import { FIND_TOOLS } from '../progressive.ts';
import type { McpServices } from '../services.ts';

/**
 * `find_tools`: of the tools that a list would show this caller at this door, those that fit. It is a reading, like
 * a list, and on record, like a call. Throws `ARGUMENTS_INVALID`.
 */
export async function findTools(
  exchange: Exchange,
  { pipeline, catalog }: McpServices,
  args: JsonObject,
): Promise<CallToolResult> {
  const { principal, peer, view, group, revision } = exchange;
  const asked = { kind: 'tool', name: FIND_TOOLS.name, arguments: args } as const;
  return pipeline.consult(
    new McpConsultation(exchange, asked),
    async () => {
      const question = await readQuestion(args);
      const found = await catalog.find({ principal, peer, door: 'mcp' }, view, group, question);
      const structuredContent = {
        tools: found.tools.map((tool) => listedTool(tool, revision.era)),
        total: found.total,
      };
      return { content: [{ type: 'text', text: JSON.stringify(structuredContent) }], structuredContent };
    },
    // Definitions stand in lists as they are, and nothing of them is what a tool answered.
    (result) => result,
  );
}

async function readQuestion(args: JsonObject): Promise<Question> {
  const { query, tags = [], limit, ...unknown } = args;
  const violations: Violation[] = Object.keys(unknown).map((path) => ({ path, message: 'is no parameter' }));
  if (typeof query !== 'string' || query.length > LONGEST_QUERY)
    violations.push({ path: 'query', message: `must be a text of at most ${LONGEST_QUERY} characters` });
  const isTag = (tag: unknown): boolean => typeof tag === 'string' && tag.length <= LONGEST_TAG;
  if (!Array.isArray(tags) || tags.length > MOST_TAGS || !tags.every(isTag))
    violations.push({ path: 'tags', message: `must be a list of at most ${MOST_TAGS} texts` });
  if (limit !== undefined && !(Number.isInteger(limit) && (limit as number) >= 1 && (limit as number) <= MOST_FOUND))
    violations.push({ path: 'limit', message: `must be a whole number from 1 to ${MOST_FOUND}` });
  if (violations.length > 0) throw argumentsInvalid(FIND_TOOLS.name, violations);
  const { questionOf } = await loadToolSearch();
  return questionOf({
    query: query as string,
    tags: tags as readonly string[],
    limit: limit as number | undefined,
  });
}
