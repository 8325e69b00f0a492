/**
 * What is dangerous takes a recent proof with a second factor, at the door. The cases are the routes that the
 * server's own description marks, so a route that is added is a case as soon as its action is dangerous.
 */
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { EVERYWHERE } from '#contract';
import { operator, PERMISSIONS, type SignInServices } from '#identity';
import { newId, reveal, systemClock, type Secret } from '#kernel';
import type { Services } from '#main';
import { shownCode } from '../../../test/authenticator-app.ts';
import { serveApi, withServices, type ServedApi } from './api.fixture.ts';
import { operationsOf, pathOf, PLACES, type Operation, type Place } from './api-routes.fixture.ts';

const MINUTE = 60_000;
const VISITOR = { address: '127.0.0.1', userAgent: 'a browser' };

let served: ServedApi;
/** An administrator: what their app computes codes from, and a session of the command line with an old proof. */
let person: { readonly id: string; readonly seed: Secret; readonly browser: Secret; readonly old: string };
/** Another one like that: what is refused to one person more than thirty times in a minute is counted, not written down. */
let colleague: typeof person;
/** An agent that nothing here removes, and a key that is for `admin`. */
let spare: { readonly id: string; readonly adminKey: string };

beforeAll(async () => {
  served = await serveApi();
  await beside(async (services) => {
    person = await administrator(services, 'root');
    colleague = await administrator(services, 'second');
    const { identity } = services;
    const access = ['read', 'admin'];
    const made = await identity.keys.create(operator(), { agent: 'spare', namespace: 'home', roles: ['user'], access });
    spare = { id: made.agent.id, adminKey: made.key.id };
  });
});
afterAll(() => served.close());

/** Work on the server's data directory in another process’s place. */
const beside = <Value>(work: (services: Services) => Promise<Value>): Promise<Value> =>
  withServices(served.place.dataDir, systemClock, work);

async function administrator({ users, identity, signIn }: Services, name: string): Promise<typeof person> {
  const { sessions, enrolment } = signIn();
  const now = systemClock.now();
  const { id } = await users.insert(newId(now), { name, profile: { displayName: name, email: '' } });
  // Who administers writes no policy without that role.
  for (const role of ['admin', 'policy_admin'])
    await identity.roles.create(operator(), { role, namespace: EVERYWHERE, subject: { kind: 'user', id } });
  const begin = (wanted: Pick<Parameters<typeof sessions.begin>[0], 'kind' | 'stage' | 'amr' | 'authTime'>) =>
    sessions.begin({ userId: id, address: VISITOR.address, device: VISITOR.userAgent, ...wanted }, async () => {});
  const pending = await begin({ kind: 'browser', stage: 'enrolment', amr: ['pwd'] });
  const live = await liveOf(signIn(), pending.token);
  const { seed } = await enrolment.app(live);
  await enrolment.confirmApp(VISITOR, live, shownCode(reveal(seed), now));
  const stale = { stage: 'active', amr: ['pwd', 'otp', 'mfa'], authTime: now - 11 * MINUTE } as const;
  const [browser, cli] = [await begin({ kind: 'browser', ...stale }), await begin({ kind: 'cli', ...stale })];
  return { id, seed, browser: browser.token, old: `chs_${reveal(cli.token)}` };
}

async function liveOf({ verifier }: SignInServices, token: Secret) {
  const found = await verifier.read(reveal(token));
  if (!found.ok) throw new Error(found.error.reason);
  return found.value;
}

/** Bodies of the marked routes that take one. */
const BODIES: Readonly<Record<string, () => object>> = {
  createPolicy: () => ({ cedar: 'permit (principal, action, resource);' }),
  changePolicy: () => ({ cedar: 'forbid (principal, action, resource);', reason: 'none may' }),
  restorePolicyVersion: () => ({}),
  createRoleBinding: () => ({ role: 'user', subject: { kind: 'agent', id: spare.id } }),
  putLimit: () => ({ per: 'principal', limits: '5 calls per 1h' }),
  endTokenSessions: () => ({ client: 'nobody' }),
  blockOAuthClient: () => ({ clientId: 'https://desk.test/client.json' }),
  unblockOAuthClient: () => ({ clientId: 'https://desk.test/client.json' }),
  approveAccessRequest: () => ({}),
  rejectAccessRequest: () => ({}),
  openAccessReview: () => ({
    title: 'a drill',
    dueAt: new Date(systemClock.now() + 60_000).toISOString(),
    reviewers: [person.id],
  }),
  decideAccessReviewLine: () => ({ decision: 'keep' }),
  prepareSigningKey: () => ({}),
  activateSigningKey: () => ({ now: true }),
  retireSigningKey: () => ({}),
  refuseApproval: () => ({}),
  contain: () => ({ kind: 'tool', name: 'nothing', reason: 'a drill' }),
};

async function ask({ operationId, method }: Operation, credential: string): Promise<string> {
  const body = BODIES[operationId]?.();
  const answer = await served.ask(method, pathOf(served, PLACES[operationId] as Place), credential, {
    headers: { 'if-match': '*', ...(body !== undefined && { 'content-type': 'application/json' }) },
    ...(body !== undefined && { body: JSON.stringify(body) }),
  });
  return await said(answer);
}

async function said(answer: Response): Promise<string> {
  const text = await answer.text();
  // What is streamed is no refusal.
  const isOne = /\bjson\b/.test(answer.headers.get('content-type') ?? '');
  const { code } = (isOne ? JSON.parse(text) : {}) as { readonly code?: string };
  return code === undefined ? `${answer.status}` : `${answer.status} ${code}`;
}

const marked = async (): Promise<readonly Operation[]> =>
  (await operationsOf(served)).filter(({ takesProof }) => takesProof);

/** Signs the command line in: a code that is confirmed in the browser, after the second factor was given anew. */
async function proveAgain(): Promise<string> {
  const post = async (path: string, fields: Record<string, string>) =>
    (await (
      await fetch(`${served.server.url}${path}`, { method: 'POST', body: new URLSearchParams(fields) })
    ).json()) as Record<string, string>;
  const waiting = await post('/console/device/start', { client_name: 'chatelaine' });
  await beside(async ({ signIn }) => {
    const services = signIn();
    const confirm = async (token: Secret) =>
      await services.programs.decide(VISITOR, await liveOf(services, token), waiting['user_code'] as string, true);
    await expect(confirm(person.browser)).rejects.toMatchObject({ code: 'STEP_UP_REQUIRED' });
    const proof = { code: shownCode(reveal(person.seed), systemClock.now() + 30_000) };
    const proven = await services.signIn.secondFactor(VISITOR, await liveOf(services, person.browser), proof);
    await confirm(proven.token);
  });
  const { access_token: credential = '' } = await post('/console/device/token', {
    device_code: waiting['device_code'] as string,
  });
  return credential;
}

test('the description marks what the table of permissions calls dangerous, and nothing else', async () => {
  const operations = await operationsOf(served);
  expect((await marked()).length).toBeGreaterThan(5);
  for (const { operationId, permission, takesProof, codes } of operations) {
    const dangerous = permission !== undefined && PERMISSIONS[permission].dangerous === true;
    expect([operationId, takesProof]).toEqual([operationId, dangerous]);
    if (dangerous)
      expect([operationId, codes.get(403)]).toEqual([operationId, expect.arrayContaining(['STEP_UP_REQUIRED'])]);
  }
});

describe('a person whose last proof is eleven minutes old', () => {
  test('is refused at every marked route, whatever the body would say', async () => {
    const refused = await Promise.all(
      (await marked()).map(
        async (one, at) => [one.operationId, await ask(one, [person, colleague][at % 2]?.old ?? '')] as const,
      ),
    );
    expect(refused).toEqual(refused.map(([id]) => [id, '403 STEP_UP_REQUIRED']));
  });

  test('is asked for nothing at any other route', async () => {
    const asked = await Promise.all(
      (await operationsOf(served))
        .filter(({ takesProof, method }) => !takesProof && method === 'GET')
        .map(async (one) => [one.operationId, await ask(one, person.old)] as const),
    );
    expect(asked).toEqual(asked.map(([id]) => [id, '200']));
  });

  test('makes a key, but none that is for `admin`, and rotates none either', async () => {
    const headers = { 'content-type': 'application/json' };
    const create = async (access: readonly string[]) =>
      await said(
        await served.ask('POST', '/api/v1/agents/home/spare/keys', person.old, {
          headers,
          body: JSON.stringify({ access }),
        }),
      );
    expect([await create(['read']), await create(['read', 'admin'])]).toEqual(['201', '403 STEP_UP_REQUIRED']);
    const rotated = await served.ask('POST', `/api/v1/keys/${spare.adminKey}/rotate`, person.old, {
      headers,
      body: '{}',
    });
    expect(await said(rotated)).toBe('403 STEP_UP_REQUIRED');
  });

  test('is told how recent a proof must be, and each refusal is on record', async () => {
    const [one] = (await marked()) as [Operation];
    const answer = await served.ask(one.method, pathOf(served, PLACES[one.operationId] as Place), person.old);
    // For programs: what to ask their issuer for (RFC 9470 §3).
    expect(answer.headers.get('www-authenticate')).toMatch(/error="insufficient_user_authentication", max_age="600"/);
    expect(((await answer.json()) as { detail: string }).detail).toMatch(/second factor not older than 10 min/);
    const records = await beside(async ({ audit }) => await audit.query({ type: 'api.refused' }, { limit: 1000 }));
    const names = new Set(
      records.records.filter(({ error }) => error === 'STEP_UP_REQUIRED').map(({ object }) => object?.name),
    );
    expect(names).toEqual(new Set((await marked()).map(({ operationId }) => operationId)));
  });
});

test('with the password alone an administrator is nobody, however recent it is', async () => {
  const credential = await beside(async ({ signIn }) => {
    const { token } = await signIn().sessions.begin(
      {
        ...{ userId: person.id, kind: 'cli', stage: 'active', amr: ['pwd'] },
        ...{ address: VISITOR.address, device: VISITOR.userAgent },
      } as const,
      async () => {},
    );
    return `chs_${reveal(token)}`;
  });
  for (const one of await marked())
    expect([one.operationId, await ask(one, credential)]).toEqual([one.operationId, '401 UNAUTHENTICATED']);
});

const ENDS: readonly string[] = ['deletePolicy', 'disableUser', 'eraseUser'];
const rank = ({ operationId }: Operation): number => ENDS.indexOf(operationId);

// Last: what is dangerous is done.
test('after proving it again the same person is let through at every marked route', async () => {
  const credential = await proveAgain();
  const done: string[] = [];
  // A user who was disabled or erased first sets no password any more, and a policy that is gone says nothing else.
  const first = (await marked()).toSorted((one, other) => rank(one) - rank(other));
  for (const one of first) done.push(`${one.operationId} ${await ask(one, credential)}`);
  // Of a tool that is not there nobody approves anything, however recently they proved who they are.
  // No key signed before the first one: who asks to retire such is let through to hear that.
  expect(
    done.filter(
      (line) =>
        !/ 20[014]$| 409 (?:SIGNING_KEY_IN_USE|ACCESS_REQUEST_DECIDED)$| 403 (?:APPROVAL_NOT_YOURS|REVIEW_NOT_REVIEWER)$/.test(
          line,
        ),
    ),
  ).toEqual([]);
});
