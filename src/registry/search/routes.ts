/** `/api/v1/tools/search`: the tools that a caller may call, by what they are for. */
import { z } from 'zod';
import type { CalledTool, Principal } from '#contract';
import { route, type Route } from '#http';
import { LONGEST_QUERY, LONGEST_TAG, MOST_FOUND, MOST_TAGS, USUALLY_FOUND } from './bounds.ts';
import { searchError } from './errors.ts';
import { questionOf, type Question } from './question.ts';

/** Who looks for tools, and from where. */
export interface Searcher {
  readonly principal: Principal;
  readonly peer: { readonly address: string | undefined; readonly userAgent: string | undefined };
}

/** The tools of the caller's namespace that fit, of those that lists show them. A port to the gateway. */
export type FindTools = (
  searcher: Searcher,
  question: Question,
) => Promise<{ readonly tools: readonly CalledTool[]; readonly total: number }>;

const query = z.strictObject({
  query: z.string().max(LONGEST_QUERY).default('').describe('What the tool is to do, in a few words.'),
  tags: z
    .string()
    .max(MOST_TAGS * LONGEST_TAG)
    .transform((text) => text.split(',').filter((tag) => tag !== ''))
    .refine((tags) => tags.length <= MOST_TAGS, { error: `names at most ${MOST_TAGS} tags` })
    .optional()
    .meta({ type: 'string', description: 'Tags that the tool must have, each of them, with commas between.' }),
  limit: z
    .string()
    .regex(/^[1-9]\d?$/, { error: `is a whole number from 1 to ${MOST_FOUND}` })
    .transform(Number)
    .refine((limit) => limit <= MOST_FOUND, { error: `is a whole number from 1 to ${MOST_FOUND}` })
    .default(USUALLY_FOUND)
    .meta({ type: 'integer', minimum: 1, maximum: MOST_FOUND, description: 'How many tools to give at most.' }),
});

const found = z.strictObject({
  namespace: z.string(),
  name: z.string(),
  type: z.string(),
  title: z.string().nullable(),
  description: z.string(),
  tags: z.array(z.string()),
  scopesRequired: z.array(z.string()),
  inputSchema: z.record(z.string(), z.unknown()).describe('JSON Schema 2020-12 of its arguments.'),
  annotations: z.record(z.string(), z.unknown()).describe('What it says of itself, as in MCP.'),
});

/** `find` is undefined where no tools are served, such as in a command beside the server. */
export const toolSearchRoutes = (find: FindTools | undefined): readonly Route[] => [
  route({
    operationId: 'searchTools',
    method: 'GET',
    path: '/tools/search',
    summary: 'Tools that the caller may call, found by what they are for',
    description: 'The best first. Policies decide what is found, as they do for lists.',
    tag: 'tools',
    permission: 'tool.read',
    where: {
      target: (_: unknown, { namespace }) => ({ namespace, own: true }),
      missing: () => searchError('TOOLS_NOT_SERVED', 'the caller has no namespace with tools'),
    },
    query,
    errors: ['TOOLS_NOT_SERVED'],
    answer: z.strictObject({
      items: z.array(found),
      total: z.int().describe('How many tools there are that fit, those beyond the limit too.'),
    }),
    handle: async ({ principal, origin, query: asked }) => {
      if (find === undefined) throw searchError('TOOLS_NOT_SERVED', 'no tools are served here');
      const peer = { address: origin.address, userAgent: origin.userAgent };
      const { tools, total } = await find({ principal, peer }, questionOf(asked));
      return { items: tools.map(shown), total };
    },
  }),
];

const shown = (tool: CalledTool): z.input<typeof found> => ({
  namespace: tool.namespace,
  name: tool.name,
  type: tool.type,
  title: tool.title ?? null,
  description: tool.description,
  tags: [...tool.tags],
  scopesRequired: [...tool.scopesRequired],
  inputSchema: tool.inputSchema,
  annotations: { ...tool.annotations },
});
