/** `/api/v1/secrets`: what the vault keeps, without what it keeps secret. */
import { z } from 'zod';
import type { IntendedChange } from '#audit';
import { resourceName, type AuditTrail } from '#contract';
import { entityTag, listing, moment, momentOf, route, type Call, type Route } from '#http';
import { recordedVaultChange } from '../recorded-vault-change.ts';
import { SECRET_KINDS, secretMaterial } from '../secrets/material.ts';
import type { SecretFacts, SecretName } from '../secrets/secret-facts.ts';
import { unknownSecret, type CheckSecret } from '../secrets/secret-service.ts';
import type { Vault } from '../vault.ts';

const secretName = z.strictObject({ namespace: resourceName, name: resourceName });

const secret = z.strictObject({
  id: z.string(),
  namespace: z.string(),
  name: z.string(),
  kind: z.enum(SECRET_KINDS),
  description: z.string(),
  state: z.enum(['active', 'disabled']),
  generation: z.int().describe('Counts the changes of the secret.'),
  createdAt: moment,
  changedAt: moment,
  versions: z.array(
    z.strictObject({
      version: z.int(),
      createdAt: moment,
      expiresAt: moment.nullable(),
      endsAt: moment.nullable().describe('The end of the overlap with the version after it.'),
    }),
  ),
});
type SecretAnswer = z.output<typeof secret>;

const given = z.strictObject({
  material: secretMaterial.describe('The value, by kind. No route gives it back.'),
  description: z.string().max(200).optional().describe('Stays as it is when left out.'),
  expiresAt: moment
    .transform((text) => Date.parse(text))
    .optional()
    .describe('No end when left out.'),
});

const inItsNamespace = {
  params: secretName,
  where: { target: ({ namespace }: SecretName) => ({ namespace }), missing: unknownSecret },
} as const;

const CHANGE_ERRORS = [
  'SECRET_NAME_REFUSED',
  'SECRET_LIFETIME_REFUSED',
  'SECRET_UNKNOWN',
  'SECRET_KIND_DIFFERS',
  'SECRET_DISABLED',
  'SECRET_VERSIONS_EXHAUSTED',
  'VAULT_BUSY',
  'SEALED_DATA_ALTERED',
  'KEY_WRAPPER_UNAVAILABLE',
];

const stateOf = ({ id, generation }: Pick<SecretFacts, 'id' | 'generation'>): string => `${id} ${generation}`;

export function secretRoutes(secrets: Vault['secrets'], trail: AuditTrail): readonly Route[] {
  const recorded = (call: Call<SecretName>, type: string, action: string): IntendedChange => ({
    class: 'credential',
    type,
    action,
    object: { kind: 'secret', ...call.params },
  });
  const checkOf =
    (call: Call): CheckSecret =>
    (current) =>
      call.checkCurrent(current && entityTag(stateOf(current)));

  const switched = (to: 'active' | 'disabled', verb: 'enable' | 'disable'): Route =>
    route({
      ...inItsNamespace,
      operationId: `${verb}Secret`,
      method: 'POST',
      path: `/secrets/{namespace}/{name}/${verb}`,
      summary: to === 'active' ? 'Put a disabled secret back into use' : 'Take a secret out of use',
      tag: 'secrets',
      permission: 'secret.disable',
      errors: CHANGE_ERRORS,
      answer: secret,
      version: stateOf,
      handle: (call) =>
        recordedVaultChange(trail, call.origin, recorded(call, `secret.${verb}d`, verb), (record) =>
          secrets.setState(call.params, to, record),
        ).then(shown),
    });

  return [
    listing({
      operationId: 'listSecrets',
      path: '/secrets',
      summary: 'Secrets by namespace and name, without their values',
      tag: 'secrets',
      permission: 'secret.read',
      where: 'listed',
      query: z.strictObject({ namespace: resourceName.optional() }),
      item: secret,
      position: secretName,
      handle: async ({ namespaces, limit, after }) => {
        const found = await listIn(namespaces, after, limit + 1, (page) => secrets.list(page));
        const items = found.slice(0, limit);
        const last = items.at(-1);
        const next = found.length > limit && last ? { namespace: last.namespace, name: last.name } : undefined;
        return { items: items.map(shown), next };
      },
    }),
    route({
      ...inItsNamespace,
      operationId: 'getSecret',
      method: 'GET',
      path: '/secrets/{namespace}/{name}',
      summary: 'One secret, without its value',
      tag: 'secrets',
      permission: 'secret.read',
      errors: ['SECRET_UNKNOWN'],
      answer: secret,
      version: stateOf,
      handle: async ({ params }) => shown(await secrets.find(params)),
    }),
    route({
      ...inItsNamespace,
      operationId: 'putSecret',
      method: 'PUT',
      path: '/secrets/{namespace}/{name}',
      summary: 'Make a secret, or put a new version in the place of all others',
      tag: 'secrets',
      permission: 'secret.put',
      conditional: true,
      body: given,
      errors: CHANGE_ERRORS,
      answer: secret,
      version: stateOf,
      made: ({ generation }: SecretAnswer) => generation === 1,
      handle: (call) =>
        recordedVaultChange(trail, call.origin, recorded(call, 'secret.put', 'put'), (record) =>
          secrets.put({ ...call.params, ...call.body, check: checkOf(call) }, record),
        ).then(shown),
    }),
    route({
      ...inItsNamespace,
      operationId: 'rotateSecret',
      method: 'POST',
      path: '/secrets/{namespace}/{name}/rotate',
      summary: 'Put a new version in front; those before can be read by their number for a while',
      tag: 'secrets',
      permission: 'secret.put',
      body: given.extend({
        overlapSeconds: z.int().min(0).describe('How long the versions before stay readable; at most 90 days.'),
      }),
      errors: CHANGE_ERRORS,
      answer: secret,
      version: stateOf,
      handle: (call) => {
        const { overlapSeconds, ...request } = call.body;
        return recordedVaultChange(trail, call.origin, recorded(call, 'secret.rotated', 'rotate'), (record) =>
          secrets.rotate({ ...call.params, ...request, overlapMs: overlapSeconds * 1000 }, record),
        ).then(shown);
      },
    }),
    switched('disabled', 'disable'),
    switched('active', 'enable'),
    route({
      ...inItsNamespace,
      operationId: 'deleteSecret',
      method: 'DELETE',
      path: '/secrets/{namespace}/{name}',
      summary: 'Delete a secret and its values for good',
      tag: 'secrets',
      permission: 'secret.delete',
      conditional: true,
      status: 204,
      errors: CHANGE_ERRORS,
      handle: (call) =>
        recordedVaultChange(trail, call.origin, recorded(call, 'secret.deleted', 'delete'), (record) =>
          secrets.delete(call.params, record, checkOf(call)),
        ),
    }),
  ];
}

const shown = ({ createdAt, changedAt, versions, ...facts }: SecretFacts): SecretAnswer => ({
  ...facts,
  createdAt: momentOf(createdAt),
  changedAt: momentOf(changedAt),
  versions: versions.map((one) => ({
    version: one.version,
    createdAt: momentOf(one.createdAt),
    expiresAt: momentOf(one.expiresAt),
    endsAt: momentOf(one.endsAt),
  })),
});

/** A page over some namespaces, in their order, or over all. */
async function listIn(
  namespaces: readonly string[] | 'all',
  after: SecretName | undefined,
  limit: number,
  list: Vault['secrets']['list'],
): Promise<readonly SecretFacts[]> {
  if (namespaces === 'all') return await list({ after, limit });
  const found: SecretFacts[] = [];
  for (const namespace of namespaces.toSorted()) {
    if (found.length === limit) break;
    if (after !== undefined && namespace < after.namespace) continue;
    found.push(...(await list({ namespace, after, limit: limit - found.length })));
  }
  return found;
}
