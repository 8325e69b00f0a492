import { EVERYWHERE, rolesIn, type ActionTarget, type Principal, type Refuse, type RoleGrant } from '#contract';
import { ChatelaineError, type Clock } from '#kernel';
import { identityError } from '../errors.ts';
import { isRecentProof, SESSION_LIFETIMES, stepUpRequired, type SessionLifetimes } from '../sessions/session.ts';
import { holds, mayGrant } from './rank.ts';
import { PERMISSIONS, type Action, type Permission, type PermissionTable } from './table.ts';

/** What an action is about, for who knows more of it than its route. */
export interface Target extends ActionTarget {
  /** The roles of whom it touches. */
  readonly touches?: readonly RoleGrant[];
  /** The roles that it gives. */
  readonly gives?: readonly RoleGrant[];
  /** Whether it lets an agent do what nothing let it do before. */
  readonly widens?: boolean;
}

export type Refusal =
  | { readonly why: 'unseen' }
  | { readonly why: 'access'; readonly access: Permission['access'] }
  | { readonly why: 'role'; readonly roles: Permission['roles']; readonly everywhere: boolean }
  | { readonly why: 'rank'; readonly grant: RoleGrant }
  | { readonly why: 'wider' }
  | { readonly why: 'step-up' };

/** Factors that a password is not (RFC 8176 §2); `mfa` says that there were several. */
const SECOND_FACTORS: ReadonlySet<string> = new Set(['mfa', 'otp', 'hwk', 'swk']);

/** When it is asked, and how old the proof of a person may be then; milliseconds. */
export interface Moment {
  readonly now: number;
  readonly proofMs: number;
}

/** Why the caller may not, or undefined when they may. */
export function decide(
  table: PermissionTable,
  principal: Principal,
  action: Action,
  target: Target,
  moment: Moment,
): Refusal | undefined {
  if (target.missing !== undefined && !sees(table, principal, action, target)) return { why: 'unseen' };
  const permission: Permission = table[action];
  const { access, roles, everywhere = false, narrow, rank, dangerous } = permission;
  if (!principal.access.has(access)) return { why: 'access', access };
  const office = hasRole(permission, principal, target);
  if (!office && !(permission.own === true && target.own === true)) return { why: 'role', roles, everywhere };
  if (narrow === true && !office && target.widens === true) return { why: 'wider' };
  if (rank === true) {
    // Who acts on their own without an office hands on only what they have themselves.
    const mayHandOn = office ? mayGrant : holds;
    const beyond = [...(target.touches ?? []), ...(target.gives ?? [])].find((grant) => !mayHandOn(principal, grant));
    if (beyond !== undefined) return { why: 'rank', grant: beyond };
  }
  if ((dangerous === true || concernsMore(permission, target)) && !isFresh(principal, moment))
    return { why: 'step-up' };
  return undefined;
}

/**
 * Whether it changes who has more than `user`. That is read from what is given and touched and not from the
 * action: a session that was left open gives a role through a group or an agent as well as by a binding.
 */
const concernsMore = ({ access }: Permission, { touches = [], gives = [] }: Target): boolean =>
  access === 'admin' && [...touches, ...gives].some(({ role }) => role !== 'user');

/** Whether the caller may read objects of this kind there, so that a refusal tells them nothing new. */
function sees(table: PermissionTable, principal: Principal, action: Action, target: Target): boolean {
  const reading: Permission = table[`${action.slice(0, action.indexOf('.'))}.read` as Action];
  return hasRole(reading, principal, target) || (reading.own === true && target.own === true);
}

const hasRole = ({ roles, everywhere }: Permission, principal: Principal, { namespace }: Target): boolean =>
  rolesIn(principal, everywhere === true ? EVERYWHERE : namespace).some((role) => roles.includes(role));

/** Agents have nobody to ask; whoever is at the machine itself could change the database. */
function isFresh({ kind, via, authTime, amr = [] }: Principal, moment: Moment): boolean {
  if (kind !== 'user' || via.method === 'local') return true;
  if (authTime === undefined || !isRecentProof(authTime, moment.now, moment)) return false;
  return amr.some((method) => SECOND_FACTORS.has(method));
}

/**
 * Throws unless the caller may: `FORBIDDEN`, `STEP_UP_REQUIRED`, or `target.missing()` for what the caller
 * may not see.
 */
export type CheckPermission = (principal: Principal, action: Action, target: Target, now: number) => void;

/** The check over a table; the one that is served is `PERMISSIONS`. `proofMs` is as in `SessionLifetimes`. */
export function permissionCheck(
  table: PermissionTable = PERMISSIONS,
  { proofMs }: Pick<SessionLifetimes, 'proofMs'> = SESSION_LIFETIMES,
): CheckPermission {
  return (principal, action, target, now) => {
    const refusal = decide(table, principal, action, target, { now, proofMs });
    if (refusal !== undefined) throw refused(refusal, { principal, action, target, proofMs });
  };
}

/** The check as routes ask it: gives the refusal instead of throwing it. */
export const refuseBy =
  (check: CheckPermission, clock: Clock): Refuse =>
  (principal, action, target) => {
    try {
      check(principal, action, target, clock.now());
      return undefined;
    } catch (error) {
      if (error instanceof ChatelaineError) return error;
      throw error;
    }
  };

function refused(
  refusal: Refusal,
  asked: {
    readonly principal: Principal;
    readonly action: Action;
    readonly target: Target;
    readonly proofMs: number;
  },
): ChatelaineError {
  const { action, target } = asked;
  const about = `\`${asked.principal.name}\` may not do \`${action}\``;
  switch (refusal.why) {
    case 'unseen':
      return target.missing?.() ?? identityError('FORBIDDEN', about);
    case 'access':
      return identityError('FORBIDDEN', `${about} with this credential: it is not for \`${refusal.access}\``);
    case 'role': {
      const where = refusal.everywhere ? 'globally' : `in \`${target.namespace}\``;
      return identityError('FORBIDDEN', `${about}: it takes the role \`${refusal.roles.join('` or `')}\` ${where}`);
    }
    case 'rank': {
      const { role, namespace } = refusal.grant;
      const where = namespace === EVERYWHERE ? 'globally' : `in \`${namespace}\``;
      return identityError(
        'FORBIDDEN',
        `${about}: it concerns the role \`${role}\` ${where}, which is not theirs to give`,
      );
    }
    case 'wider':
      return identityError(
        'FORBIDDEN',
        `${about}: no active key of the agent has as much in scopes, access, tools, networks and time; an administrator makes one that has`,
      );
    case 'step-up':
      return stepUpRequired(`\`${action}\` takes a proof with a second factor`, asked);
  }
}
