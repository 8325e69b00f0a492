/** `/api/v1/policies`: who may do what to which tools. */
import { z } from 'zod';
import { policyForm, resourceName } from '#contract';
import { entityTag, listing, route, type Call, type Route } from '#http';
import { formOf } from '../form/read.ts';
import type { CheckState, PolicyDirectory } from '../policies/policy-directory.ts';
import { unknownPolicy } from '../policies/policy-directory.ts';
import { policyId, type PolicyName } from '../policies/policy.ts';
import {
  authorOf,
  CHANGE_ERRORS,
  draft,
  inItsNamespace,
  policy,
  scopeName,
  shown,
  stateOf,
  statusOf,
  wish,
} from './shapes.ts';
import { versionRoutes } from './versions.ts';

const finding = z.strictObject({
  rule: z.string().optional(),
  message: z.string(),
  line: z.int().optional(),
  column: z.int().optional(),
  start: z.int().optional().describe('In characters of the text.'),
});

export function policyRoutes({ policies }: { readonly policies: PolicyDirectory }): readonly Route[] {
  const checkOf =
    (call: Pick<Call, 'checkCurrent'>): CheckState =>
    (current) =>
      call.checkCurrent(current && entityTag(stateOf(shown(current))));

  return [
    listing({
      operationId: 'listPolicies',
      path: '/policies',
      summary: 'Policies by namespace and name, those of files too',
      tag: 'policies',
      permission: 'policy.read',
      where: 'listed',
      query: z.strictObject({
        namespace: scopeName.optional(),
        tool: z.string().regex(TOOL).optional().describe('Only those that can be about this tool, `namespace/name`.'),
        tool_id: z.string().regex(TOOL).optional().describe('The same as `tool`.'),
        status: z.enum(['in-force', 'shadow', 'disabled']).optional(),
      }),
      item: policy,
      position: z.string(),
      handle: async ({ namespaces, query, limit, after }) => {
        const tool = query.tool ?? query.tool_id;
        const all = tool === undefined ? await policies.list(namespaces) : await policies.about(nameOfTool(tool));
        const found = all
          .filter(({ namespace }) => namespaces === 'all' || namespaces.includes(namespace))
          .filter((one) => query.status === undefined || query.status === statusOf(one))
          .filter((one) => after === undefined || policyId(one) > after);
        const last = found[limit - 1];
        return {
          items: found.slice(0, limit).map(shown),
          next: found.length > limit && last ? policyId(last) : undefined,
        };
      },
    }),
    route({
      ...inItsNamespace,
      operationId: 'getPolicy',
      method: 'GET',
      path: '/policies/{namespace}/{name}',
      summary: 'One policy, as Cedar and as a form where one says it',
      tag: 'policies',
      permission: 'policy.read',
      errors: ['POLICY_UNKNOWN'],
      answer: policy,
      version: stateOf,
      handle: async ({ params }) => shown(await policies.find(params)),
    }),
    route({
      ...inItsNamespace,
      operationId: 'createPolicy',
      method: 'POST',
      path: '/policies/{namespace}/{name}',
      summary: 'Make a policy; it decides within a second',
      tag: 'policies',
      permission: 'policy.change',
      status: 201,
      body: wish,
      errors: [...CHANGE_ERRORS, 'POLICY_NAME_TAKEN'],
      answer: policy,
      version: stateOf,
      handle: async (call) => shown(await policies.create(call.params, draftOf(call.body), authorOf(call))),
    }),
    route({
      ...inItsNamespace,
      operationId: 'changePolicy',
      method: 'PUT',
      path: '/policies/{namespace}/{name}',
      summary: 'Put something else in the place of what a policy says; what it said stays as a version',
      tag: 'policies',
      permission: 'policy.change',
      conditional: true,
      body: wish,
      errors: CHANGE_ERRORS,
      answer: policy,
      version: stateOf,
      handle: async (call) =>
        shown(await policies.change(call.params, draftOf(call.body), authorOf(call), checkOf(call))),
    }),
    route({
      ...inItsNamespace,
      operationId: 'deletePolicy',
      method: 'DELETE',
      path: '/policies/{namespace}/{name}',
      summary: 'Take a policy away; its versions stay',
      tag: 'policies',
      permission: 'policy.change',
      conditional: true,
      status: 204,
      query: z.strictObject({ reason: z.string().max(500).optional() }),
      errors: CHANGE_ERRORS,
      handle: ({ params, query, principal, origin, checkCurrent }) =>
        policies.delete(params, { principal, origin, reason: query.reason ?? '' }, checkOf({ checkCurrent })),
    }),
    route({
      params: z.strictObject({ namespace: scopeName }),
      where: {
        target: ({ namespace }) => ({ namespace }),
        missing: ({ namespace }) => unknownPolicy({ namespace, name: '?' }),
      },
      operationId: 'validatePolicy',
      method: 'POST',
      path: '/namespaces/{namespace}/policies/validate',
      summary: 'What keeping a policy would say, without keeping it',
      tag: 'policies',
      permission: 'policy.read',
      body: draft.extend({ name: resourceName.default('draft') }),
      errors: ['POLICY_UNKNOWN'],
      answer: z.strictObject({
        valid: z.boolean(),
        cedar: z.string().nullable(),
        form: policyForm.nullable(),
        rules: z.array(z.strictObject({ id: z.string(), effect: z.enum(['permit', 'forbid']) })),
        problems: z.array(finding),
        warnings: z.array(finding),
      }),
      handle: async ({ params, body: { name, ...body } }) => {
        const { facts: kept, rules = [], problems, warnings } = await policies.validate({ ...params, name }, body);
        return {
          valid: problems.length === 0,
          ...{ cedar: kept?.cedar ?? null, form: (kept && formOf(kept.cedar)) ?? null },
          rules: rules.map(({ id, effect }) => ({ id, effect })),
          ...{ problems: [...problems], warnings: [...warnings] },
        };
      },
    }),
    ...versionRoutes(policies),
    route({
      ...inItsNamespace,
      operationId: 'listPoliciesOfTool',
      method: 'GET',
      path: '/tools/{namespace}/{name}/policies',
      summary: 'Policies that can be about a tool, whoever calls it, global ones too',
      tag: 'policies',
      permission: 'policy.read',
      errors: ['POLICY_UNKNOWN'],
      answer: z.strictObject({
        items: z.array(
          z.strictObject({
            ...{ id: z.string(), namespace: z.string(), name: z.string(), origin: policy.shape.origin },
            ...{ priority: z.int(), description: z.string() },
            status: z.enum(['in-force', 'shadow', 'disabled']),
            rules: z.array(
              z.strictObject({ id: z.string(), effect: z.enum(['permit', 'forbid']), overridable: z.boolean() }),
            ),
          }),
        ),
      }),
      handle: async ({ params }) => ({
        items: (await policies.about(params)).map((one) => ({
          ...{ id: policyId(one), namespace: one.namespace, name: one.name, origin: one.origin },
          ...{ priority: one.priority, description: one.description, status: statusOf(one) },
          rules: one.rules.map(({ id, effect, overridable }) => ({ id, effect, overridable })),
        })),
      }),
    }),
  ];
}

const TOOL = /^[A-Za-z0-9_.-]{1,128}\/[A-Za-z0-9_.-]{1,128}$/;

function nameOfTool(tool: string): PolicyName {
  const [namespace = '', name = ''] = tool.split('/');
  return { namespace, name };
}

type Body = Omit<z.output<typeof wish>, 'reason'> & { readonly reason?: string };
function draftOf(body: Body): Omit<Body, 'reason'> {
  const { reason: _, ...rest } = body;
  return rest;
}
