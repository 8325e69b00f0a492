import { expect, test } from 'vitest';
import { EVERYWHERE, ROLES, type Access, type Principal, type RoleGrant } from '#contract';
import { decide, PERMISSIONS, SESSION_LIFETIMES, type Action, type Target } from '#identity';
import { somebody } from './people.fixture.ts';

const NOW = Date.UTC(2026, 10, 21);
const USUAL = { now: NOW, proofMs: SESSION_LIFETIMES.proofMs };
const actions = Object.keys(PERMISSIONS) as readonly Action[];
const why = (principal: Principal, action: Action, target: Partial<Target> = {}): string =>
  decide(PERMISSIONS, principal, action, { namespace: 'a', ...target }, USUAL)?.why ?? 'permitted';
const who = (...roles: readonly string[]) => somebody('x', roles).principal;

test('policy_admin, tool_publisher, auditor and user change no identity', () => {
  const identities = actions.filter((action) => /^(user|session|group|binding|agent|key|namespace)\./.test(action));
  const changes = identities.filter((action) => !action.endsWith('.read'));
  expect(changes.length).toBeGreaterThan(20);
  for (const action of changes) {
    expect([action, why(who('policy_admin', 'tool_publisher', 'auditor', 'user'), action)]).toEqual([action, 'role']);
  }
});

/** What a caller did, it takes back with what it did it with. */
const TAKEN_BACK: Action = 'approval.cancel';
/** What those ask for who call tools, with the credentials that they call with: nothing is administered by it. */
const FOR_CALLERS: ReadonlySet<Action> = new Set([
  'tool.vend',
  'tool.validate',
  'tool.request',
  'access-request.cancel',
]);

test('every change takes a credential for `admin`, every reading one for `read`', () => {
  const root = who('admin', ...ROLES);
  const only = (access: Access) => ({ ...root, access: new Set([access]) });
  for (const action of actions.filter((one) => one !== TAKEN_BACK)) {
    const reads = /\.(?:read|export|list)$/.test(action) || action === 'tool.review' || FOR_CALLERS.has(action);
    expect([action, why(only('read'), action), why(only('admin'), action), why(only('execute'), action)]).toEqual(
      reads ? [action, 'permitted', 'access', 'access'] : [action, 'access', 'permitted', 'access'],
    );
  }
});

test('a role in a namespace counts there and nowhere else, and never for what reaches beyond one', () => {
  for (const action of actions) {
    const { roles, ...rules } = PERMISSIONS[action];
    const role = `${roles[0]}@a`;
    const here = 'everywhere' in rules ? 'role' : 'permitted';
    expect([action, why(who(role), action), why(who(role), action, { namespace: 'b' })]).toEqual([
      action,
      here,
      'role',
    ]);
    expect([action, why(who(role), action, { namespace: EVERYWHERE })]).toEqual([action, 'role']);
  }
});

test.each([
  ['a role one holds', 'admin@a policy_admin@a', { role: 'policy_admin', namespace: 'a' }, 'permitted'],
  ['a role one does not hold', 'admin@a', { role: 'policy_admin', namespace: 'a' }, 'rank'],
  ['`user`, which an administrator is anyway', 'admin@a', { role: 'user', namespace: 'a' }, 'permitted'],
  ['the role in another namespace', 'admin@a', { role: 'admin', namespace: 'b' }, 'rank'],
  ['the role everywhere', 'admin@a policy_admin@a', { role: 'admin', namespace: EVERYWHERE }, 'rank'],
  ['a role that one holds everywhere', 'admin@a auditor', { role: 'auditor', namespace: 'a' }, 'permitted'],
  ['any role, as a global administrator', 'admin', { role: 'policy_admin', namespace: EVERYWHERE }, 'permitted'],
] as const)('who gives %s: %s', (_, roles, grant, verdict) => {
  const giver = who(...roles.split(' '));
  expect(why(giver, 'binding.create', { namespace: 'a', gives: [grant] })).toBe(verdict);
  // To touch who holds it takes the same.
  expect(why(giver, 'agent.disable', { namespace: 'a', touches: [grant] })).toBe(verdict);
});

test('one’s own agent gets what one has, and no more', () => {
  const owner = who('user@a', 'auditor@a');
  const own = (touches: Target['touches']): Partial<Target> => ({ own: true, touches: touches ?? [] });
  expect(why(owner, 'key.create', own([{ role: 'auditor', namespace: 'a' }]))).toBe('permitted');
  expect(why(owner, 'key.create', own([{ role: 'admin', namespace: 'a' }]))).toBe('rank');
  expect(why(owner, 'key.create', own([{ role: 'user', namespace: 'b' }]))).toBe('rank');
  expect(why(owner, 'key.create-admin', own([]))).toBe('role');
  for (const action of ['key.create', 'key.rotate'] as const) {
    expect(why(owner, action, { own: true, widens: true })).toBe('wider');
    expect(why(who('admin@a'), action, { own: true, widens: true })).toBe('permitted');
  }
  expect(why(owner, 'agent.enable', own([]))).toBe('role');
});

/** Said here once more, so that a table in which a word was lost differs from something. */
const DANGEROUS: ReadonlySet<Action> = new Set([
  'user.disable',
  'user.erase',
  'user.export',
  'user.reset',
  'binding.create',
  'binding.delete',
  'agent.delete',
  'key.create-admin',
  'namespace.disable',
  'secret.delete',
  'vault.erase',
  'signing-key.rotate',
  'access-request.review',
  'access-review.open',
  'access-review.decide',
  'access-review.close',
  'token-session.end-all',
  'oauth-client.delete',
  'oauth-client.block',
  'oauth-client.unblock',
  'policy.change',
  'approval.decide',
  'limit.put',
  'limit.delete',
  'containment.begin',
  'containment.release',
]);

test.each<[string, Partial<Principal>, string]>([
  [
    'a person, just now, with a second factor',
    { kind: 'user', amr: ['pwd', 'otp'], authTime: NOW - 600_000 },
    'permitted',
  ],
  ['a person, ten minutes and a millisecond ago', { kind: 'user', amr: ['mfa'], authTime: NOW - 600_001 }, 'step-up'],
  ['a person with a password alone', { kind: 'user', amr: ['pwd'], authTime: NOW }, 'step-up'],
  ['a person of whom nothing is known', { kind: 'user' }, 'step-up'],
  ['a person who will sign in', { kind: 'user', amr: ['mfa'], authTime: NOW + 600_001 }, 'step-up'],
  ['the operator at the machine', { kind: 'user', via: { method: 'local' } }, 'permitted'],
  ['an agent', {}, 'permitted'],
])('what is dangerous, tried by %s', (_, more, verdict) => {
  const { principal } = somebody('x', ['admin', 'policy_admin'], {
    via: { method: 'session', sessionId: 's' },
    ...more,
  });
  for (const action of actions) {
    const changes = PERMISSIONS[action].access === 'admin';
    const of = (role?: RoleGrant['role'], part: 'touches' | 'gives' = 'gives') =>
      why(principal, action, { namespace: EVERYWHERE, ...(role && { [part]: [{ role, namespace: 'a' }] }) });
    const usual = DANGEROUS.has(action) ? verdict : 'permitted';
    const more = changes ? verdict : usual;
    expect([action, of(), of('user'), of('user', 'touches')]).toEqual([action, usual, usual, usual]);
    expect([action, of('auditor'), of('admin', 'touches')]).toEqual([action, more, more]);
  }
});

test('what is recent is what the configuration says', () => {
  const { principal } = somebody('x', ['admin'], { kind: 'user', amr: ['mfa'], authTime: NOW - 60_001 });
  const verdict = (proofMs: number) =>
    decide(PERMISSIONS, principal, 'user.erase', { namespace: EVERYWHERE }, { now: NOW, proofMs })?.why ?? 'permitted';
  expect([verdict(60_000), verdict(120_000)]).toEqual(['step-up', 'permitted']);
});

test('what one may not see is missing, whatever else would be wrong', () => {
  const missing = () => new Error('missing') as never;
  expect(why(who('admin@b'), 'agent.disable', { missing })).toBe('unseen');
  expect(why({ ...who('admin@b'), access: new Set() }, 'key.revoke', { missing })).toBe('unseen');
  expect(why(who('auditor@a'), 'agent.disable', { missing })).toBe('role');
});
