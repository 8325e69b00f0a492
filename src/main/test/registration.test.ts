/** Becoming a user by invitation, and tokens for a name, a password and a second factor: at the door. */
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { EVERYWHERE } from '#contract';
import { operator } from '#identity';
import { reveal, systemClock } from '#kernel';
import { shownCode } from '../../../test/authenticator-app.ts';
import { serveApi, withServices, type ServedApi } from './api.fixture.ts';

const PASSWORD = 'correct horse battery staple';
const VISITOR = { address: '127.0.0.1', userAgent: 'a browser' };

let served: ServedApi;
let admin: string;
beforeAll(async () => {
  served = await serveApi();
  admin = served.callers.find(({ what }) => what === `admin of ${EVERYWHERE}`)?.key ?? '';
}, 120_000);
afterAll(() => served.close());

interface Said {
  readonly status: number;
  readonly body: Readonly<Record<string, unknown>>;
}
async function post(path: string, body: object, credential?: string): Promise<Said> {
  const answer = await served.ask('POST', `/api/v1${path}`, credential, {
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify(body),
  });
  return { status: answer.status, body: (await answer.json()) as Said['body'] };
}
async function token(fields: Record<string, string>): Promise<Said> {
  const answer = await fetch(`${served.server.url}/api/v1/token`, {
    method: 'POST',
    body: new URLSearchParams(fields),
  });
  return { status: answer.status, body: (await answer.json()) as Said['body'] };
}
const code = ({ status, body }: Said): string => `${status} ${String(body['code'])}`;

const invite = async (): Promise<string> => {
  const { status, body } = await post('/invitations', {}, admin);
  expect(status).toBe(201);
  return body['invitation'] as string;
};
const wanted = (username: string, invitation: string) => ({
  ...{ invitation, username, email: `${username}@example.test`, password: PASSWORD, name: username },
});

describe('an invitation', () => {
  test('makes a user, once, who signs in, is given a role and a key, and calls', async () => {
    const invitation = await invite();
    const made = await post('/register', { ...wanted('nora', invitation), organization: 'Example' });
    expect([made.status, made.body]).toEqual([201, expect.objectContaining({ username: 'nora' })]);
    expect(code(await post('/register', wanted('nora2', invitation)))).toBe('403 INVITATION_REFUSED');
    const id = made.body['id'] as string;
    await withServices(served.place.dataDir, systemClock, async ({ identity, users }) => {
      expect((await users.find(id))?.profile).toEqual({
        ...{ displayName: 'nora', email: 'nora@example.test', organization: 'Example' },
      });
      await identity.roles.create(operator(), { role: 'user', namespace: 'default', subject: { kind: 'user', id } });
    });
    const issued = await token({ username: 'nora', password: PASSWORD, grant_type: 'password' });
    expect([issued.status, issued.body]).toEqual([
      200,
      { access_token: expect.stringMatching(/^chs_/), token_type: 'Bearer', expires_in: expect.any(Number) },
    ]);
    const listed = () => served.ask('GET', '/api/toolset', issued.body['access_token'] as string);
    await expect.poll(async () => (await listed()).status, { timeout: 10_000 }).toBe(200);
    expect(await (await listed()).text()).toContain('"city"');
  });

  test('is refused to all who have none, whatever name they give, in the same words', async () => {
    await post('/register', wanted('taken', await invite()));
    const answers = await Promise.all(
      ['taken', 'free', 'TAKEN'].map((name) => post('/register', wanted(name, 'A'.repeat(43)))),
    );
    const said = answers.map(({ status, body }) => JSON.stringify([status, { ...body, instance: '' }]));
    expect(new Set(said).size).toBe(1);
    expect(code(answers[0] as Said)).toBe('403 INVITATION_REFUSED');
  });

  test('is not used up by a name that is taken, or a password that can be guessed', async () => {
    const invitation = await invite();
    expect(code(await post('/register', wanted('taken', invitation)))).toBe('409 USER_NAME_TAKEN');
    const guessable = { ...wanted('vera', invitation), password: 'password1234' };
    expect(code(await post('/register', guessable))).toBe('400 PASSWORD_REFUSED');
    expect((await post('/register', wanted('vera', invitation))).status).toBe(201);
  });

  test('of two who come at once one becomes a user', async () => {
    const invitation = await invite();
    const both = await Promise.all(['one', 'two'].map((name) => post('/register', wanted(name, invitation))));
    expect(both.map(({ status }) => status).toSorted((one, other) => one - other)).toEqual([201, 403]);
  });

  test('ends with whoever gave it', async () => {
    const inviter = await withServices(served.place.dataDir, systemClock, async ({ identity, users }) => {
      const user = await users.create(operator(), { name: 'inviter', profile: { displayName: '', email: '' } });
      const subject = { kind: 'user', id: user.id } as const;
      await identity.roles.create(operator(), { role: 'admin', namespace: EVERYWHERE, subject });
      return user.id;
    });
    const invitation = await withServices(served.place.dataDir, systemClock, async ({ signIn, users }) => {
      const principal = { ...operator().principal, sub: inviter };
      const { token: made } = await signIn().invitations.invite({ ...operator(), principal });
      await users.disable(operator(), inviter);
      return reveal(made);
    });
    expect(code(await post('/register', wanted('late', invitation)))).toBe('403 INVITATION_REFUSED');
  });

  test.each([59, 2_592_001, 0.5])('cannot count for %s seconds', async (expiresInSeconds) => {
    expect(code(await post('/invitations', { expiresInSeconds }, admin))).toBe('400 INVITATION_LIFETIME_REFUSED');
  });
});

describe('a token', () => {
  test('takes the right password, and a wrong one and an unknown name are one answer', async () => {
    await post('/register', wanted('paul', await invite()));
    const [wrong, unknown] = [
      await token({ username: 'paul', password: `${PASSWORD}!` }),
      await token({ username: 'nobody-there', password: PASSWORD }),
    ];
    expect([code(wrong), code(unknown)]).toEqual(['401 SIGN_IN_REFUSED', '401 SIGN_IN_REFUSED']);
    expect(wrong.body['detail']).toBe(unknown.body['detail']);
  });

  test('takes the second factor of whoever has one, once', async () => {
    const { id, seed } = await personWithApp('otto');
    const fields = { username: 'otto', password: PASSWORD };
    expect(code(await token(fields))).toBe('401 SECOND_FACTOR_REFUSED');
    expect(code(await token({ ...fields, otp: '000000' }))).toBe('401 SECOND_FACTOR_REFUSED');
    const otp = shownCode(seed, systemClock.now() + 30_000);
    expect((await token({ ...fields, otp })).status).toBe(200);
    expect(code(await token({ ...fields, otp }))).toBe('401 SECOND_FACTOR_REFUSED');
    await withServices(served.place.dataDir, systemClock, async ({ signIn }) => {
      // Of the steps on the way nothing is left: one session of a program.
      expect((await signIn().sessions.list(id)).map(({ kind, amr }) => [kind, amr.includes('mfa')])).toEqual([
        ['cli', true],
      ]);
    });
  });

  test('is none for who must have a second factor and has none: they are sent to the page', async () => {
    const made = await post('/register', wanted('ada', await invite()));
    await withServices(served.place.dataDir, systemClock, ({ identity }) =>
      identity.roles.create(operator(), {
        ...{ role: 'admin', namespace: EVERYWHERE, subject: { kind: 'user', id: made.body['id'] as string } },
      }),
    );
    const answer = await token({ username: 'ada', password: PASSWORD });
    expect([code(answer), answer.body['detail']]).toEqual([
      '403 SECOND_FACTOR_REQUIRED',
      expect.stringContaining('/console/sign-in'),
    ]);
  });

  test('REG-020: a form is taken here alone, and read strictly', async () => {
    const form = (path: string, body: string, type = 'application/x-www-form-urlencoded') =>
      served.ask('POST', `/api/v1${path}`, admin, { headers: { 'content-type': type }, body });
    expect((await form('/invitations', 'expiresInSeconds=60')).status).toBe(415);
    expect((await form('/token', 'username=a&username=b&password=c')).status).toBe(400);
    expect((await form('/token', 'username=a&password=c&admin=true')).status).toBe(400);
    expect((await form('/token', 'username=a&password=c', 'text/plain')).status).toBe(415);
  });

  // Last: the address is out of attempts then.
  test('POL-007: guesses are counted as those at the page are', async () => {
    await post('/register', wanted('vic', await invite()));
    const codes: string[] = [];
    for (let guess = 0; guess < 6; guess++) codes.push(code(await token({ username: 'vic', password: `no ${guess}` })));
    expect(codes.at(-1)).toBe('429 SIGN_IN_THROTTLED');
    expect(code(await token({ username: 'vic', password: PASSWORD }))).toBe('429 SIGN_IN_THROTTLED');
  });
});

/** A user with a password and an authenticator app. */
async function personWithApp(name: string): Promise<{ readonly id: string; readonly seed: string }> {
  const made = await post('/register', wanted(name, await invite()));
  const id = made.body['id'] as string;
  return await withServices(served.place.dataDir, systemClock, async ({ signIn }) => {
    const { sessions, enrolment, verifier } = signIn();
    const pending = await sessions.begin(
      { userId: id, kind: 'browser', stage: 'enrolment', amr: ['pwd'], address: '', device: '' },
      async () => {},
    );
    const live = await verifier.read(reveal(pending.token));
    if (!live.ok) throw new Error(live.error.reason);
    const { seed } = await enrolment.app(live.value);
    const { session } = await enrolment.confirmApp(VISITOR, live.value, shownCode(reveal(seed), systemClock.now()));
    await sessions.end({ door: 'console', actor: operator().origin.actor }, id, session.id);
    return { id, seed: reveal(seed) };
  });
}
