import { z } from 'zod';
import { ROLES } from '#contract';
import { listing, moment, momentOf, route, type Route } from '#http';
import { unknownBinding } from '../roles/role-directory.ts';
import { identityError } from '../errors.ts';
import { quote } from '../names.ts';
import type { RoleBinding } from '../roles/role-binding.ts';
import { anyId, authorOf, ofNamespaces, pageOf, scopeName, type RouteParts } from './parts.ts';

const subject = z.discriminatedUnion('kind', [
  z.strictObject({ kind: z.literal('user'), id: anyId }),
  z.strictObject({ kind: z.literal('agent'), id: anyId }),
  z.strictObject({ kind: z.literal('group'), id: anyId }).describe('A group of our own.'),
  z
    .strictObject({ kind: z.literal('claim-group'), issuer: z.string().max(1000), name: z.string().max(1000) })
    .describe('A group that an identity provider names.'),
]);

const bindingAnswer = z.strictObject({
  id: z.string(),
  role: z.enum(ROLES),
  namespace: scopeName,
  subject,
  createdAt: moment,
});

const bindingId = z.strictObject({ id: anyId });

/** `/api/v1/role-bindings`: who holds which role, and where. */
export function bindingRoutes({ identity }: RouteParts): readonly Route[] {
  const { roles } = identity;
  return [
    listing({
      operationId: 'listRoleBindings',
      path: '/role-bindings',
      summary: 'Roles that were given here, oldest first; those of the configuration stand there',
      tag: 'roles',
      permission: 'binding.read',
      where: 'listed',
      query: z.strictObject({ namespace: scopeName.optional() }),
      item: bindingAnswer,
      position: z.string(),
      handle: async (call) => {
        const all = await ofNamespaces(call.namespaces, (namespace) => roles.list(namespace));
        return pageOf(all, call, ({ id }) => id, shownBinding);
      },
    }),
    route({
      params: z.strictObject({ namespace: scopeName }),
      where: {
        target: ({ namespace }) => ({ namespace }),
        // Nothing that is there could be missing: who may not even look is told no more than that.
        missing: ({ namespace }) =>
          identityError('FORBIDDEN', `nothing of the namespace ${quote(namespace)} is the caller's to give`),
      },
      operationId: 'createRoleBinding',
      method: 'POST',
      path: '/namespaces/{namespace}/role-bindings',
      summary: 'Give a role; the same one twice is the binding that is there',
      tag: 'roles',
      permission: 'binding.create',
      status: 201,
      body: z.strictObject({ role: z.string().max(64), subject }),
      errors: ['ROLE_UNKNOWN', 'NAME_REFUSED', 'SUBJECT_UNKNOWN'],
      answer: bindingAnswer,
      handle: async (call) => shownBinding(await roles.create(authorOf(call), { ...call.params, ...call.body })),
    }),
    route({
      params: bindingId,
      where: {
        target: ({ id }) => roles.placeOf(id),
        missing: ({ id }) => unknownBinding(id),
      },
      operationId: 'deleteRoleBinding',
      method: 'DELETE',
      path: '/role-bindings/{id}',
      summary: 'Take a role',
      tag: 'roles',
      permission: 'binding.delete',
      status: 204,
      errors: ['BINDING_UNKNOWN', 'LAST_ADMIN'],
      handle: (call) => roles.delete(authorOf(call), call.params.id),
    }),
  ];
}

const shownBinding = (binding: RoleBinding): z.input<typeof bindingAnswer> => ({
  id: binding.id,
  role: binding.role,
  namespace: binding.namespace,
  subject: binding.subject,
  createdAt: momentOf(binding.createdAt),
});
