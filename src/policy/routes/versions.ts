/** `/api/v1/policies/{namespace}/{name}/versions`: what a policy said before, and how it says that again. */
import { z } from 'zod';
import { moment, momentOf, route, type Route } from '#http';
import { formOf } from '../form/read.ts';
import type { PolicyDirectory } from '../policies/policy-directory.ts';
import { digestOf, type PolicyName, type PolicyVersion } from '../policies/policy.ts';
import {
  authorOf,
  CHANGE_ERRORS,
  facts,
  inItsNamespace,
  policy,
  policyName,
  reason,
  shown,
  stateOf,
} from './shapes.ts';

const versionNumber = z
  .string()
  .regex(/^[1-9]\d{0,8}$/, { error: 'is a whole number from 1 on' })
  .transform(Number)
  .meta({ type: 'integer', minimum: 1 });

const version = z.strictObject({
  version: z.int(),
  ...facts,
  deleted: z.boolean().describe('Whether it says that there is no policy any more.'),
  reason: z.string(),
  author: z.string(),
  at: moment,
});

const ofVersion = { ...inItsNamespace, params: policyName.extend({ version: versionNumber }) };

/** In one answer. */
const VERSIONS = 100;

export function versionRoutes(policies: PolicyDirectory): readonly Route[] {
  return [
    route({
      ...inItsNamespace,
      operationId: 'listPolicyVersions',
      method: 'GET',
      path: '/policies/{namespace}/{name}/versions',
      summary: 'What a policy said and when, newest first; also of one that was deleted',
      tag: 'policies',
      permission: 'policy.read',
      query: z.strictObject({
        before: versionNumber.optional().describe('Only versions before this one.'),
      }),
      errors: ['POLICY_UNKNOWN'],
      answer: z.strictObject({
        items: z.array(version),
        next: z.int().optional().describe('What `before` is for the versions after these.'),
      }),
      handle: async ({ params, query }) => {
        const found = await policies.versions(params, { before: query.before, limit: VERSIONS + 1 });
        const items = found.slice(0, VERSIONS);
        const last = items.at(-1);
        return {
          items: items.map((one) => shownVersion(params, one)),
          ...(found.length > VERSIONS && last && { next: last.version }),
        };
      },
    }),
    route({
      ...ofVersion,
      operationId: 'getPolicyVersion',
      method: 'GET',
      path: '/policies/{namespace}/{name}/versions/{version}',
      summary: 'What a policy said in one version',
      tag: 'policies',
      permission: 'policy.read',
      errors: ['POLICY_UNKNOWN', 'POLICY_VERSION_UNKNOWN'],
      answer: version,
      handle: async ({ params }) => shownVersion(params, await policies.version(params, params.version)),
    }),
    route({
      ...ofVersion,
      operationId: 'restorePolicyVersion',
      method: 'POST',
      path: '/policies/{namespace}/{name}/versions/{version}/restore',
      summary: 'Let a policy say again what a version of it said, also one that was deleted',
      tag: 'policies',
      permission: 'policy.change',
      body: z.strictObject({ reason }),
      errors: [...CHANGE_ERRORS, 'POLICY_VERSION_UNKNOWN'],
      answer: policy,
      version: stateOf,
      handle: async (call) => {
        const { version: wanted, ...name } = call.params;
        return shown(await policies.restore(name, wanted, authorOf(call)));
      },
    }),
  ];
}

const shownVersion = (name: PolicyName, one: PolicyVersion): z.input<typeof version> => ({
  ...{ version: one.version, priority: one.priority, description: one.description, cedar: one.cedar },
  ...{ shadow: one.shadow, enabled: one.enabled, deleted: one.deleted, reason: one.reason, author: one.author },
  ...{ form: formOf(one.cedar) ?? null, digest: digestOf({ ...name, ...one }), at: momentOf(one.at) },
});
