import { z } from 'zod';
import { listing, moment, momentOf, route, type Call, type Route } from '#http';
import { unknownGroup } from '../groups/group-directory.ts';
import type { UserGroup } from '../groups/group.ts';
import type { Holder } from '../roles/role-binding.ts';
import { anyId, authorOf, ofNamespaces, pageOf, scopeName, type RouteParts } from './parts.ts';

const groupFacts = {
  id: z.string(),
  name: z.string(),
  namespace: z.string(),
  description: z.string(),
  createdAt: moment,
};
const groupAnswer = z.strictObject(groupFacts);
const holder = z.strictObject({ kind: z.enum(['user', 'agent']), id: z.string() });

const groupName = z.strictObject({ namespace: scopeName, name: z.string().min(1).max(128) });
type GroupName = z.output<typeof groupName>;
const memberName = groupName.extend({ kind: z.enum(['user', 'agent']), id: anyId });
type MemberName = z.output<typeof memberName>;

const where = {
  target: ({ namespace }: GroupName) => ({ namespace }),
  missing: ({ namespace, name }: GroupName) => unknownGroup(namespace, name),
};

/** `/api/v1/groups`: groups of our own. Those of identity providers stand with the users they came with. */
export function groupRoutes({ identity }: RouteParts): readonly Route[] {
  const { groups } = identity;

  const memberRoute = (verb: 'add' | 'remove'): Route =>
    route({
      where,
      params: memberName,
      operationId: `${verb}GroupMember`,
      // A membership has no versions to be sure of, and twice is as good as once.
      method: verb === 'add' ? 'PUT' : 'DELETE',
      path: '/groups/{namespace}/{name}/members/{kind}/{id}',
      summary:
        verb === 'add' ? 'Put somebody into a group, and so give them its roles' : 'Take somebody out of a group',
      tag: 'groups',
      permission: 'group.change',
      status: 204,
      errors: ['GROUP_UNKNOWN', 'MEMBER_UNKNOWN', 'LAST_ADMIN', 'STEP_UP_REQUIRED'],
      handle: (call: Call<MemberName>) => {
        const { namespace, name, kind, id } = call.params;
        return groups[`${verb}Member`](authorOf(call), namespace, name, { kind, id });
      },
    });

  return [
    listing({
      operationId: 'listGroups',
      path: '/groups',
      summary: 'Groups by namespace and name',
      tag: 'groups',
      permission: 'group.read',
      where: 'listed',
      query: z.strictObject({ namespace: scopeName.optional() }),
      item: groupAnswer,
      position: z.string(),
      handle: async (call) => {
        const all = await ofNamespaces(call.namespaces, (namespace) => groups.list(namespace));
        return pageOf(all, call, ({ namespace, name }) => `${namespace}/${name}`, shownGroup);
      },
    }),
    route({
      where,
      params: groupName,
      operationId: 'getGroup',
      method: 'GET',
      path: '/groups/{namespace}/{name}',
      summary: 'One group and who is in it',
      tag: 'groups',
      permission: 'group.read',
      errors: ['GROUP_UNKNOWN'],
      answer: z.strictObject({ ...groupFacts, members: z.array(holder) }),
      version: (answer) => JSON.stringify(answer),
      handle: async (call) => {
        const found = await groups.show(authorOf(call), call.params.namespace, call.params.name);
        return { ...shownGroup(found), members: found.members.map(({ kind, id }: Holder) => ({ kind, id })) };
      },
    }),
    route({
      where,
      params: groupName,
      operationId: 'createGroup',
      method: 'POST',
      path: '/groups/{namespace}/{name}',
      summary: 'Make a group without members',
      tag: 'groups',
      permission: 'group.create',
      status: 201,
      body: z.strictObject({ description: z.string().max(1000).optional() }),
      errors: ['NAME_REFUSED', 'GROUP_UNKNOWN', 'GROUP_NAME_TAKEN', 'STEP_UP_REQUIRED'],
      answer: groupAnswer,
      version: (answer) => JSON.stringify(answer),
      handle: async (call) => shownGroup(await groups.create(authorOf(call), { ...call.params, ...call.body })),
    }),
    memberRoute('add'),
    memberRoute('remove'),
    route({
      where,
      params: groupName,
      operationId: 'deleteGroup',
      method: 'DELETE',
      path: '/groups/{namespace}/{name}',
      summary: 'Delete a group, and what its members had through it',
      tag: 'groups',
      permission: 'group.delete',
      status: 204,
      errors: ['GROUP_UNKNOWN', 'LAST_ADMIN', 'STEP_UP_REQUIRED'],
      handle: (call) => groups.delete(authorOf(call), call.params.namespace, call.params.name),
    }),
  ];
}

const shownGroup = (group: UserGroup): z.input<typeof groupAnswer> => ({
  id: group.id,
  name: group.name,
  namespace: group.namespace,
  description: group.description,
  createdAt: momentOf(group.createdAt),
});
