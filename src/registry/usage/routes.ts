/** `/api/v1/statistics`: how tools are used. */
import { z } from 'zod';
import { resourceName } from '#contract';
import type { Database } from '#db';
import { moment, momentOf, route, type Route } from '#http';
import type { Clock } from '#kernel';
import type { SummedUsage } from '../store/usage-store.ts';
import { readStatistics, scopesOf } from './statistics.ts';
import { callsOf, latencyAt, LATENCY_BOUNDS } from './usage.ts';

/** A day or a moment of it, UTC. */
const day = z
  .union([z.iso.date(), z.iso.datetime()], { error: 'is a day such as `2026-11-30`' })
  .transform((text) => Date.parse(text))
  .meta({ type: 'string', format: 'date' });

const milliseconds = z
  .number()
  .nullable()
  .describe(
    `Milliseconds that so many calls kept, rounded up to one of ${LATENCY_BOUNDS.slice(0, -1).join(', ')}; null beyond, or without calls.`,
  );

const sums = z.strictObject({
  day: z.iso.date().optional(),
  namespace: z.string().optional(),
  tool: z.string().optional(),
  principal: z
    .string()
    .optional()
    .describe('`agent:` or `user:` and the id; of others their issuer, `#` and their subject.'),
  total: z.int(),
  successful: z.int(),
  failed: z.int().describe('Calls that were let through and failed.'),
  denied: z.int().describe('Calls that were refused.'),
  errorRate: z.number().nullable().describe('Which part of the calls that were let through failed.'),
  averageDurationMs: z.number().nullable(),
  p50Ms: milliseconds,
  p95Ms: milliseconds,
  p99Ms: milliseconds,
  lastAt: moment.nullable(),
});

export function statisticsRoutes(parts: { readonly database: Database; readonly clock: Clock }): readonly Route[] {
  return [
    route({
      operationId: 'getStatistics',
      method: 'GET',
      path: '/statistics',
      summary: 'How tools are used: calls, failures, refusals and durations, as sums',
      description:
        'Who is `admin`, `auditor` or `tool_publisher` of a namespace sees everybody there, others see what they did. What a server has counted is there a few seconds later.',
      tag: 'statistics',
      permission: 'statistics.read',
      where: 'listed',
      query: z.strictObject({
        namespace: resourceName.optional(),
        tool: z.string().max(128).optional(),
        principal: z.string().max(600).optional().describe('As an answer has it.'),
        agent: z.string().max(128).optional().describe('The id of an agent, in the place of `principal`.'),
        from: day.optional().describe('The first day; thirty days with the last one otherwise.'),
        to: day.optional().describe('The last day; today otherwise.'),
        by: z.enum(['day', 'tool', 'principal']).optional().describe('One sum for each; one of everything otherwise.'),
      }),
      answer: z.strictObject({
        from: z.iso.date(),
        to: z.iso.date(),
        items: z.array(sums).describe('Days in their order; tools and callers by calls, the most first, 1000 at most.'),
      }),
      handle: async ({ principal: asking, namespaces, query: { agent, principal, ...query } }) => {
        const asked = { ...query, principal: agent === undefined ? principal : `agent:${agent}` };
        const { from, to, items } = await readStatistics(parts, scopesOf(asking, namespaces), asked);
        // Of namespaces that are not the caller's there is not even a sum of nothing.
        return { from: dateOf(from), to: dateOf(to), items: namespaces.length === 0 ? [] : items.map(shown) };
      },
    }),
  ];
}

const dateOf = (at: number): string => new Date(at).toISOString().slice(0, 10);

function shown({ day: at, namespace, tool, principal, sums: one }: SummedUsage): z.input<typeof sums> {
  const total = callsOf(one);
  const [ran, took] = [one.succeeded + one.failed, one.latencies];
  const within = (part: number): number | null => {
    const bound = latencyAt(part, { ...one, latencies: took });
    return bound === undefined || !Number.isFinite(bound) ? null : bound;
  };
  return {
    ...(at !== undefined && { day: dateOf(at) }),
    ...{ namespace, tool, principal },
    ...{ total, successful: one.succeeded, failed: one.failed, denied: one.denied },
    errorRate: ran === 0 ? null : one.failed / ran,
    averageDurationMs: total === 0 ? null : one.durationMs / total,
    ...{ p50Ms: within(0.5), p95Ms: within(0.95), p99Ms: within(0.99) },
    lastAt: one.lastAt === undefined ? null : momentOf(one.lastAt),
  };
}
