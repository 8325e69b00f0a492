/** `/api/v1/limits`: how much callers may do, and how much they did. */
import { z } from 'zod';
import { EVERYWHERE, LIMIT_PER, limitSelection, resourceName } from '#contract';
import { entityTag, listing, moment, momentOf, route, type Call, type Route } from '#http';
import { unknownLimit, type LimitDirectory } from './limit-directory.ts';
import { limitText, type LimitRule } from './rule.ts';
import type { StoredLimit } from '../store/limits-store.ts';

const scopeName = z.union([z.literal(EVERYWHERE), resourceName]).describe('A namespace, or `*`: everywhere.');
const limitName = z.strictObject({ namespace: scopeName, name: resourceName });
type LimitName = z.output<typeof limitName>;

const limitFacts = {
  namespace: z.string(),
  name: z.string(),
  per: z.array(z.enum(LIMIT_PER)),
  limits: z.string().describe('Such as `100 calls per 1h; 5 at once`.'),
  ...limitSelection,
  declared: z.boolean().describe('Whether it is one of the configuration, which alone changes it.'),
  changedAt: moment.nullable(),
};
const limitAnswer = z.strictObject(limitFacts);
type LimitAnswer = z.output<typeof limitAnswer>;

const shownInFull = z.strictObject({
  ...limitFacts,
  used: z
    .array(
      z.strictObject({
        whose: z.string(),
        unit: z.string(),
        taken: z.int().describe('Used, or held by a process that may use it.'),
        endsAt: moment.nullable().describe('When the window ends; null of what runs at once.'),
      }),
    )
    .describe('How much of it is used now, the fullest counts first; at most 100.'),
});

const definition = z.strictObject({
  per: z.union([z.enum(LIMIT_PER), z.array(z.enum(LIMIT_PER)).min(1).max(LIMIT_PER.length)]),
  limits: z.string().min(1).max(1000).describe('Such as `100 calls per 1h; 10000 rows per 1d; 5 at once`.'),
  ...limitSelection,
});

const where = { target: ({ namespace }: LimitName) => ({ namespace }), missing: unknownLimit };

const stateOf = ({ namespace, name, changedAt, per, limits }: LimitAnswer): string =>
  JSON.stringify([namespace, name, changedAt, per, limits]);

/** `directory`: loaded with what counts, when the first request asks. */
export function limitRoutes(directory: () => Promise<LimitDirectory>): readonly Route[] {
  const checkOf =
    (call: Call) =>
    (current: StoredLimit | undefined): void =>
      call.checkCurrent(current && entityTag(stateOf(shown(current, false))));
  const authorOf = ({ principal, origin }: Call) => ({ principal, origin });

  return [
    listing({
      operationId: 'listLimits',
      path: '/limits',
      summary: 'Limits by namespace and name, those of the configuration among them',
      tag: 'limits',
      permission: 'limit.read',
      where: 'listed',
      query: z.strictObject({ namespace: scopeName.optional() }),
      item: limitAnswer,
      position: z.string(),
      handle: async ({ namespaces, limit, after }) => {
        const limits = await directory();
        const all = await limits.list();
        const seen = all.filter(
          (rule) =>
            (namespaces === 'all' || namespaces.includes(rule.namespace)) && (after === undefined || rule.id > after),
        );
        const page = seen.slice(0, limit);
        return {
          items: page.map((rule) => shown(rule, limits.isDeclared(rule))),
          next: seen.length > limit ? page.at(-1)?.id : undefined,
        };
      },
    }),
    route({
      where,
      params: limitName,
      operationId: 'getLimit',
      method: 'GET',
      path: '/limits/{namespace}/{name}',
      summary: 'One limit, and how much of it is used',
      tag: 'limits',
      permission: 'limit.read',
      errors: ['LIMIT_UNKNOWN'],
      answer: shownInFull,
      version: stateOf,
      handle: async ({ params }) => {
        const limits = await directory();
        const rule = await limits.show(params.namespace, params.name);
        const used = (await limits.used(rule)).map(({ key, taken, endsAt }) => {
          const [, unit = '', whose = ''] = key.slice(rule.id.length).split('|');
          return {
            unit: unit.split('/')[0] ?? '',
            whose,
            taken,
            endsAt: endsAt === undefined ? null : momentOf(endsAt),
          };
        });
        return { ...shown(rule, limits.isDeclared(rule)), used };
      },
    }),
    route({
      where,
      params: limitName,
      operationId: 'putLimit',
      method: 'PUT',
      path: '/limits/{namespace}/{name}',
      summary: 'Make a limit, or change it; what was used stays used',
      tag: 'limits',
      permission: 'limit.put',
      conditional: true,
      body: definition,
      errors: ['LIMIT_UNKNOWN', 'LIMIT_REFUSED', 'LIMIT_DECLARED', 'STEP_UP_REQUIRED'],
      answer: limitAnswer,
      version: stateOf,
      handle: async (call) => {
        const { namespace, name } = call.params;
        const limits = await directory();
        return shown(await limits.put(authorOf(call), namespace, name, call.body, checkOf(call)), false);
      },
    }),
    route({
      where,
      params: limitName,
      operationId: 'deleteLimit',
      method: 'DELETE',
      path: '/limits/{namespace}/{name}',
      summary: 'Delete a limit',
      tag: 'limits',
      permission: 'limit.delete',
      conditional: true,
      status: 204,
      errors: ['LIMIT_UNKNOWN', 'LIMIT_DECLARED', 'STEP_UP_REQUIRED'],
      handle: async (call) => {
        const { namespace, name } = call.params;
        await (await directory()).delete(authorOf(call), namespace, name, checkOf(call));
      },
    }),
  ];
}

function shown(rule: LimitRule & { readonly changedAt?: number }, declared: boolean): LimitAnswer {
  const { namespace, name, per, limits, tools, toolsets, roles, agents, changedAt } = rule;
  return {
    ...{ namespace, name, per: [...per], limits: limits.map(limitText).join('; ') },
    ...{ tools, toolsets, roles, agents, declared },
    changedAt: changedAt === undefined ? null : momentOf(changedAt),
  };
}
