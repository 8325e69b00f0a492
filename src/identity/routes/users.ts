import { z } from 'zod';
import { exportSubject, receiptOfErasure, receiptSchema, recordedReport, subjectExportSchema } from '#audit';
import { EVERYWHERE, ROLES, type Principal } from '#contract';
import { entityTag, listing, moment, momentOf, route, stream, type Call, type Route } from '#http';
import { reveal } from '#kernel';
import { unknownUser } from '../users/user-directory.ts';
import type { User, UserWithProfile } from '../users/user.ts';
import { anyId, authorOf, type RouteParts } from './parts.ts';

const profile = z.strictObject({
  displayName: z.string().max(1000),
  email: z.string().max(1000),
  organization: z.string().max(1000).optional(),
});

const userAnswer = z.strictObject({
  id: z.string(),
  name: z.string().describe('What they sign in with.'),
  issuer: z.string(),
  subject: z.string(),
  profile: profile.nullable(),
  createdAt: moment,
  changedAt: moment,
  disabledAt: moment.nullable(),
});

const userId = z.strictObject({ id: anyId });
type UserId = z.output<typeof userId>;

const CHANGE_ERRORS = ['USER_UNKNOWN'];

/** What every change of a user moves. */
const stateOf = ({ id, changedAt }: { readonly id: string; readonly changedAt: string }): string =>
  `${id} ${changedAt}`;

/** `/api/v1/users`. */
export function userRoutes({ users, recovery, audit, clock }: RouteParts): readonly Route[] {
  const one = {
    params: userId,
    where: {
      target: ({ id }: UserId, principal: Principal) => users.placeOf(principal, id),
      missing: ({ id }: UserId) => unknownUser(id),
    },
  } as const;
  const present = async (id: string): Promise<UserWithProfile> => {
    const found = await users.find(id);
    if (found === undefined) throw unknownUser(id);
    return found;
  };
  const reread = {
    id: ({ id }: { readonly id: string }) => id,
    read: async (id: string) => shownUser(await present(id)),
  };

  const switched = (verb: 'disable' | 'enable'): Route =>
    route({
      ...one,
      operationId: `${verb}User`,
      method: 'POST',
      path: `/users/{id}/${verb}`,
      summary: verb === 'disable' ? 'Cut a user off, with the agents they answer for' : 'Let a user in again',
      tag: 'users',
      permission: `user.${verb}`,
      errors: [...CHANGE_ERRORS, 'LAST_ADMIN'],
      answer: userAnswer,
      version: stateOf,
      reread,
      handle: async (call) => {
        await users[verb](authorOf(call), call.params.id);
        return shownUser(await present(call.params.id));
      },
    });

  return [
    listing({
      operationId: 'listUsers',
      path: '/users',
      summary: 'Users, oldest first, without those that were erased',
      tag: 'users',
      permission: 'user.read',
      where: 'everywhere',
      query: z.strictObject({}),
      item: userAnswer,
      position: z.string(),
      handle: async ({ limit, after }) => {
        const { items, next } = await users.list({ limit, cursor: after });
        return { items: items.map(shownUser), next };
      },
    }),
    route({
      operationId: 'createUser',
      method: 'POST',
      path: '/users',
      summary: 'Make a user, with no role',
      tag: 'users',
      permission: 'user.create',
      where: 'everywhere',
      status: 201,
      body: z.strictObject({
        name: z.string().max(1000),
        profile,
        upstream: z
          .strictObject({ issuer: z.string().max(1000), subject: z.string().max(1000) })
          .optional()
          .describe('Who vouches for them; without it they sign in here.'),
      }),
      errors: ['NAME_REFUSED', 'PROFILE_REFUSED', 'USER_NAME_TAKEN', 'USER_SUBJECT_TAKEN', 'USER_UNKNOWN'],
      answer: userAnswer,
      version: stateOf,
      reread,
      handle: async (call) => shownUser(await users.create(authorOf(call), call.body)),
    }),
    route({
      ...one,
      operationId: 'getUser',
      method: 'GET',
      path: '/users/{id}',
      summary: 'One user',
      tag: 'users',
      permission: 'user.read',
      errors: CHANGE_ERRORS,
      answer: userAnswer,
      version: stateOf,
      handle: async ({ params }) => shownUser(await present(params.id)),
    }),
    route({
      ...one,
      operationId: 'getUserRoles',
      method: 'GET',
      path: '/users/{id}/roles',
      summary: 'Every role of a user and where it holds, whatever it comes from',
      tag: 'users',
      permission: 'user.read',
      errors: CHANGE_ERRORS,
      answer: z.strictObject({
        roles: z.array(z.strictObject({ role: z.enum(ROLES), namespace: z.string() })),
        groups: z.array(z.string()),
      }),
      handle: async ({ params }) => {
        await present(params.id);
        const { grants, groups } = await users.standing(params.id);
        return { roles: grants.map(({ role, namespace }) => ({ role, namespace })), groups: [...groups] };
      },
    }),
    route({
      ...one,
      operationId: 'changeUserProfile',
      method: 'PUT',
      path: '/users/{id}/profile',
      summary: 'Put another profile in the place of the one there is',
      tag: 'users',
      permission: 'user.change',
      conditional: true,
      body: profile,
      errors: [...CHANGE_ERRORS, 'PROFILE_REFUSED'],
      answer: userAnswer,
      version: stateOf,
      handle: async (call) =>
        shownUser(await users.changeProfile(authorOf(call), call.params.id, call.body, checked(call))),
    }),
    route({
      ...one,
      operationId: 'renameUser',
      method: 'POST',
      path: '/users/{id}/rename',
      summary: 'Give a user another login name',
      tag: 'users',
      permission: 'user.rename',
      body: z.strictObject({ name: z.string().max(1000) }),
      errors: [...CHANGE_ERRORS, 'NAME_REFUSED', 'USER_NAME_TAKEN', 'STEP_UP_REQUIRED'],
      answer: userAnswer,
      version: stateOf,
      reread,
      handle: async (call) => {
        await users.rename(authorOf(call), call.params.id, call.body.name);
        return shownUser(await present(call.params.id));
      },
    }),
    switched('disable'),
    switched('enable'),
    route({
      ...one,
      operationId: 'issuePasswordLink',
      method: 'POST',
      path: '/users/{id}/password-link',
      summary: 'A link by which a user sets a password, once, within a day; the one before it ends',
      tag: 'users',
      permission: 'user.reset',
      status: 201,
      errors: [...CHANGE_ERRORS, 'USER_DISABLED', 'USER_OF_PROVIDER', 'STEP_UP_REQUIRED'],
      answer: z.strictObject({
        link: z.string().nullable().describe('Null in a repetition: it is given once.'),
        expiresAt: moment,
      }),
      replay: (answer) => ({ ...answer, link: null }),
      handle: async (call) => {
        const { token, expiresAt } = await recovery.passwords.issueLink(authorOf(call), call.params.id);
        const link = new URL(`/console/password?token=${reveal(token)}`, recovery.publicUrl).href;
        return { link, expiresAt: momentOf(expiresAt) };
      },
    }),
    route({
      ...one,
      operationId: 'resetFactors',
      method: 'POST',
      path: '/users/{id}/reset-factors',
      summary: 'Take all second factors of a user away, and end their sessions',
      tag: 'users',
      permission: 'user.reset',
      errors: [...CHANGE_ERRORS, 'STEP_UP_REQUIRED'],
      answer: z.strictObject({ sessionsEnded: z.int() }),
      handle: async (call) => ({
        sessionsEnded: await recovery.enrolment.reset(authorOf(call), call.params.id),
      }),
    }),
    route({
      ...one,
      operationId: 'eraseUser',
      method: 'POST',
      path: '/users/{id}/erase',
      summary: 'Forget a user for good: their key is destroyed, and with it everything it seals, in backups too',
      tag: 'users',
      permission: 'user.erase',
      errors: [...CHANGE_ERRORS, 'LAST_ADMIN', 'VAULT_BUSY'],
      answer: z.strictObject({
        id: z.string(),
        record: z.string().nullable().describe('The id of the audit record of the erasure.'),
        receipt: receiptSchema
          .nullable()
          .describe('Proves that it was done, and when; null while none can be made. `getReceipt` gives it later.'),
      }),
      handle: async (call) => {
        const { id } = call.params;
        await users.erase(authorOf(call), id);
        const { record = null, receipt = null } = (await receiptOfErasure(audit, id)) ?? {};
        return { id, record, receipt };
      },
    }),
    stream({
      ...one,
      operationId: 'exportUserRecords',
      path: '/users/{id}/records',
      summary: 'Everything that the audit log holds of a person, for themselves (GDPR, articles 15 and 20)',
      description: 'Of other people it names no more than the ids. Empty of who was erased.',
      tag: 'users',
      permission: 'user.export',
      errors: [...CHANGE_ERRORS, 'KEY_WRAPPER_UNAVAILABLE'],
      media: 'application/json',
      answer: subjectExportSchema,
      handle: async ({ params: { id }, origin }) => {
        const identities = (await users.identitiesOf(id)) ?? unknown(id);
        const object = { kind: 'user', namespace: EVERYWHERE, name: id, id };
        const pieces = exportSubject(audit, identities, clock);
        return recordedReport(audit, origin, { type: 'report.person', object }, pieces);
      },
    }),
  ];
}

function unknown(id: string): never {
  throw unknownUser(id);
}

const checked = (call: Pick<Call, 'checkCurrent'>) => (current: User) =>
  call.checkCurrent(entityTag(stateOf({ id: current.id, changedAt: momentOf(current.changedAt) })));

const shownUser = (user: UserWithProfile): z.input<typeof userAnswer> => ({
  id: user.id,
  name: user.name,
  issuer: user.issuer,
  subject: user.subject,
  profile: user.profile,
  createdAt: momentOf(user.createdAt),
  changedAt: momentOf(user.changedAt),
  disabledAt: momentOf(user.disabledAt),
});
