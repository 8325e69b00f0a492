import { ChatelaineError, newId } from '#kernel';
import { EVERYWHERE, type AuditOrigin } from '#contract';
import { SYSTEM } from '../author.ts';
import type { ChangeFrame } from '../change-frame.ts';
import { identityError } from '../errors.ts';
import { quote } from '../names.ts';
import { findUserByKey, listClaimGroups, replaceClaimGroups } from '../store/users-store.ts';
import { checkLoginName } from './login-name.ts';
import type { UserDirectory } from './user-directory.ts';
import { LOCAL_ISSUER, type Profile, type UserWithProfile } from './user.ts';

/** What an identity provider said of somebody, as its adapter has read and verified it. */
export interface UpstreamIdentity {
  readonly issuer: string;
  readonly subject: string;
  /** `preferred_username` or what stands for it; a wish, not a proof. */
  readonly preferredName?: string | undefined;
  readonly displayName?: string | undefined;
  readonly email?: string | undefined;
  /** The names of the groups; undefined when the provider says nothing of groups. */
  readonly groups?: readonly string[] | undefined;
}

export interface Provisioned {
  readonly user: UserWithProfile;
  readonly isNew: boolean;
}

/** Two first sign-ins at once meet: in the subject when they are one person's, in the name when they are not. */
const ATTEMPTS = 3;
const isTaken = (error: unknown): boolean =>
  error instanceof ChatelaineError && (error.code === 'USER_SUBJECT_TAKEN' || error.code === 'USER_NAME_TAKEN');

const MOST_GROUPS = 500;
const GROUP_NAME = /^[^\p{Cc}\p{Cf}\p{Zl}\p{Zp}]{1,256}$/u;

/**
 * The user whom the provider means: made at the first sign-in, brought up to date at every other.
 *
 * They are found by issuer and subject alone. A name or an e-mail address never leads to a user that is
 * there: whoever can choose those at some provider would take that user over. A preferred name that is
 * taken or refused is not used; the id stands for it.
 *
 * More groups than can be kept are refused and not cut: a policy may forbid something to one of them.
 *
 * Throws `CLAIMS_REFUSED`, and `USER_DISABLED` for somebody who is cut off, whatever the provider says.
 */
export async function provisionUser(
  parts: { readonly frame: ChangeFrame; readonly users: UserDirectory },
  origin: Omit<AuditOrigin, 'actor'>,
  identity: UpstreamIdentity,
): Promise<Provisioned> {
  const { issuer, subject, groups } = identity;
  if (issuer === LOCAL_ISSUER || issuer === '' || subject === '' || subject.length > 256) {
    throw refused('`iss` and `sub` name nobody');
  }
  if (groups !== undefined && (groups.length > MOST_GROUPS || !groups.every((name) => GROUP_NAME.test(name)))) {
    throw refused(`\`groups\` has more than ${MOST_GROUPS} names, or one that is no line of 256 characters`);
  }
  const by = { origin: { ...origin, actor: SYSTEM } };
  for (let attempt = 1; ; attempt++) {
    const known = await parts.users.findBySubject(issuer, subject);
    if (known !== undefined && known.disabledAt !== null) {
      throw identityError('USER_DISABLED', `the user ${quote(known.id)} is disabled`);
    }
    try {
      const user = known === undefined ? await make() : await refresh(known.id);
      await takeGroups(user.id);
      return { user, isNew: known === undefined };
    } catch (error) {
      if (attempt === ATTEMPTS || !isTaken(error)) throw error;
    }
  }

  async function make(): Promise<UserWithProfile> {
    const id = newId(parts.frame.clock.now());
    const name = await usableName(identity.preferredName, id);
    return await parts.frame.recorded(by, changeOf('user.provision', id), async () => ({
      value: await parts.users.insert(id, { name, profile: profileOf(identity), upstream: { issuer, subject } }),
    }));
  }

  async function refresh(id: string): Promise<UserWithProfile> {
    const user = await parts.users.find(id);
    if (user === undefined) throw refused('`sub` names somebody who has just been erased');
    const profile = profileOf(identity, user.profile ?? undefined);
    if (profile.displayName === user.profile?.displayName && profile.email === user.profile.email) return user;
    return await parts.frame.recorded(by, changeOf('user.refresh', id), async () => ({
      value: await parts.users.replaceProfile(id, profile),
    }));
  }

  async function takeGroups(id: string): Promise<void> {
    if (groups === undefined) return;
    const wanted = [...new Set(groups)].toSorted();
    const current = (await listClaimGroups(parts.frame.database.db, id)).filter((group) => group.issuer === issuer);
    if (JSON.stringify(current.map(({ name }) => name).toSorted()) === JSON.stringify(wanted)) return;
    const change = { ...changeOf('user.regroup', id), details: { groups: wanted.length } };
    await parts.frame.inTransaction(by, change, async (trx) => {
      await replaceClaimGroups(trx, id, issuer, wanted);
      return { value: undefined };
    });
  }

  async function usableName(preferred: string | undefined, id: string): Promise<string> {
    if (preferred === undefined) return id;
    try {
      const key = checkLoginName(preferred);
      return (await findUserByKey(parts.frame.database.db, key)) === undefined ? preferred : id;
    } catch {
      return id;
    }
  }
}

/** What cannot stand in a profile is left out: a sign-in must not fail over somebody's display name. */
function profileOf({ displayName, email }: UpstreamIdentity, before?: Profile): Profile {
  const clean = (text: string, longest: number): string =>
    text.replaceAll(/[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/gu, '').slice(0, longest);
  const address = email === undefined ? (before?.email ?? '') : clean(email, 254);
  return {
    displayName: displayName === undefined ? (before?.displayName ?? '') : clean(displayName, 200),
    email: /^[^\s@]+@[^\s@]+$/.test(address) ? address : '',
  };
}

const changeOf = (type: string, id: string) => ({
  type,
  action: type.slice('user.'.length),
  object: { kind: 'user', namespace: EVERYWHERE, name: id, id },
});

const refused = (why: string): ChatelaineError =>
  identityError('CLAIMS_REFUSED', `what the identity provider said cannot be taken over: ${why}`);
