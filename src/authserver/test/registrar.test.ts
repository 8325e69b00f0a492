import { describe, expect, it, test } from 'vitest';
import { Secret, type ChatelaineError } from '#kernel';
import { dialects, type TestDialect } from '../../../test/databases.ts';
import {
  ClientDirectory,
  ClientRegistrar,
  compareClientSecret,
  REGISTRATION_SETTINGS,
  type RegistrationSettings,
} from '../clients/index.ts';
import { authServerAfterRestore } from '../store/after-restore.ts';
import { outcomes, startProcess, type TestProcess } from './authserver.fixture.ts';

interface Registered {
  readonly client_id: string;
  readonly client_secret?: string;
  readonly registration_access_token: string;
  readonly registration_client_uri: string;
}

interface Office extends TestProcess {
  readonly registrar: ClientRegistrar;
  readonly directory: ClientDirectory;
  register(body?: unknown, address?: string): Promise<Registered>;
}

const WEB = { client_name: 'Travel app', redirect_uris: ['https://c1.test/cb'] };
const by = (address = '192.0.2.1') =>
  ({
    origin: { door: 'oauth', actor: { kind: 'anonymous', iss: 'chatelaine', sub: 'anonymous', name: 'anonymous' } },
    address,
  }) as const;

function office(process: TestProcess, more: Partial<RegistrationSettings> = {}): Office {
  const settings = { ...REGISTRATION_SETTINGS, ...more };
  const registrar = new ClientRegistrar({
    frame: process.frame,
    settings,
    endpoint: new URL('https://as.test/oauth/register'),
  });
  const directory = new ClientDirectory({
    ...{ database: process.database, clock: process.clock, registration: settings },
    declared: () => [],
    secrets: { read: async () => expect.unreachable('no secret is asked for') },
  });
  return {
    ...process,
    ...{ registrar, directory },
    register: async (body = WEB, address) => (await registrar.register(by(address), body)) as unknown as Registered,
  };
}

const open = async (dialect: TestDialect, more: Partial<RegistrationSettings> = {}) =>
  office(await startProcess(dialect), more);
const token = ({ registration_access_token: text }: Registered) => new Secret(text);
const codeOf = async (work: Promise<unknown>): Promise<string> =>
  await work.then(
    () => 'done',
    (error: unknown) => (error as ChatelaineError).code,
  );
const rows = ({ database }: TestProcess) => database.db.selectFrom('oauth_clients').selectAll().execute();

describe.each(dialects)('on %s', (dialect) => {
  it('a public client registers and is found, in this process and the next (RFC 7591 §3.2.1)', async () => {
    const here = await open(dialect);
    const answer = await here.register();
    expect(answer).toMatchObject({
      ...WEB,
      client_id: expect.stringMatching(/^dyn_[0-9a-z]{26}$/) as string,
      token_endpoint_auth_method: 'none',
      grant_types: ['authorization_code'],
      response_types: ['code'],
      registration_client_uri: `https://as.test/oauth/register/${answer.client_id}`,
    });
    expect(answer).not.toHaveProperty('client_secret');
    const there = office(await here.beside());
    expect(await there.directory.find(answer.client_id)).toMatchObject({
      origin: 'dynamic',
      name: 'Travel app',
      firstParty: false,
    });
    expect(outcomes(here)).toEqual(['client.registered success']);
  });

  it('of its secret and its registration token there are digests, and neither is on record', async () => {
    const here = await open(dialect, { confidential: true });
    const answer = await here.register({ ...WEB, token_endpoint_auth_method: 'client_secret_basic' });
    const secret = answer.client_secret as string;
    expect(Buffer.from(secret, 'base64url')).toHaveLength(32);
    for (const kept of [JSON.stringify(await rows(here)), JSON.stringify(here.records)]) {
      expect(kept).not.toContain(secret);
      expect(kept).not.toContain(answer.registration_access_token);
    }
    const metadata = await here.directory.findClient(answer.client_id);
    expect(compareClientSecret(metadata?.['client_secret'] as string, secret)).toBe(true);
    expect(compareClientSecret(metadata?.['client_secret'] as string, `${secret}x`)).toBe(false);
    // Who reads the database has nothing to present.
    expect(compareClientSecret(metadata?.['client_secret'] as string, metadata?.['client_secret'] as string)).toBe(
      false,
    );
  });

  it('a change takes the token, gives another one, and is there at once (RFC 7592 §2.2)', async () => {
    const here = await open(dialect);
    const first = await here.register();
    const { client_id: id } = first;
    const body = { client_id: id, redirect_uris: ['https://c1.test/other'] };
    const second = (await here.registrar.update(by(), id, token(first), body)) as unknown as Registered;
    expect(second).toMatchObject({ redirect_uris: ['https://c1.test/other'] });
    // What is left out is gone, as the RFC has it.
    expect(second).not.toHaveProperty('client_name');
    expect(await codeOf(here.registrar.read(id, token(first)))).toBe('CLIENT_TOKEN_REFUSED');
    expect(await here.registrar.read(id, token(second))).toMatchObject({ client_id: id });
    expect((await here.directory.find(id))?.redirectUris).toEqual(['https://c1.test/other']);
    expect(here.ended).toMatchObject([{ what: 'client.changed', id }]);
  });

  it('of two changes with one token one is made', async () => {
    const here = await open(dialect);
    const there = office(await here.beside());
    const first = await here.register();
    const change = (at: Office, path: string) =>
      codeOf(
        at.registrar.update(by(), first.client_id, token(first), {
          client_id: first.client_id,
          redirect_uris: [`https://c1.test/${path}`],
        }),
      );
    expect((await Promise.all([change(here, 'a'), change(there, 'b')])).toSorted()).toEqual([
      'CLIENT_TOKEN_REFUSED',
      'done',
    ]);
  });

  it('a client that was deleted is not there any more, and its token neither (RFC 7592 §2.3)', async () => {
    const here = await open(dialect);
    const answer = await here.register();
    await here.registrar.delete(by(), answer.client_id, token(answer));
    expect(await here.directory.find(answer.client_id)).toBeUndefined();
    expect(await codeOf(here.registrar.read(answer.client_id, token(answer)))).toBe('CLIENT_TOKEN_REFUSED');
    expect(here.ended).toMatchObject([{ what: 'client.deleted', id: answer.client_id }]);
  });

  it('AS-045: a registration token counts for its own client and changes no other (RFC 7592 §2)', async () => {
    const here = await open(dialect);
    const [c1, c2] = [await here.register(), await here.register()];
    const before = await rows(here);
    const body = { ...WEB, client_id: c2.client_id };
    const refused = [
      here.registrar.read(c2.client_id, token(c1)),
      here.registrar.update(by(), c2.client_id, token(c1), body),
      here.registrar.delete(by(), c2.client_id, token(c1)),
      here.registrar.read('dyn_00000000000000000000000000', token(c1)),
      here.registrar.read('app', token(c1)),
      here.registrar.read(c2.client_id, new Secret('')),
      here.registrar.read(c2.client_id, new Secret('x'.repeat(100_000))),
    ];
    expect(await Promise.all(refused.map(codeOf))).toEqual(refused.map(() => 'CLIENT_TOKEN_REFUSED'));
    // Another `client_id` in the body, or what is the server's to say.
    for (const members of [
      { client_id: c2.client_id },
      { client_id: undefined },
      { registration_access_token: 'x' },
      { client_id_issued_at: 1 },
      { client_secret: 'chosen' },
    ]) {
      const update = here.registrar.update(by(), c1.client_id, token(c1), {
        ...WEB,
        client_id: c1.client_id,
        ...members,
      });
      expect(await codeOf(update)).toBe('CLIENT_METADATA_REFUSED');
    }
    expect(await rows(here)).toEqual(before);
    // The token of C1 was not ended by what was tried with it.
    expect(await codeOf(here.registrar.read(c1.client_id, token(c1)))).toBe('done');
  });

  it('AS-044: a flood is told to wait, whatever process it comes to, and leaves a bounded number of rows', async () => {
    const here = await open(dialect, { most: 30 });
    const there = office(await here.beside(), { most: 30 });
    let passed = 0;
    for (let times = 0; times < 40; times++) {
      const code = await codeOf((times % 2 === 0 ? here : there).register(WEB, '192.0.2.7'));
      if (code === 'done') passed++;
      else expect(code).toBe('CLIENT_REGISTRATION_THROTTLED');
    }
    expect(passed).toBe(20);
    const refusal = (await here.register(WEB, '192.0.2.7').catch((error: unknown) => error)) as ChatelaineError;
    expect(refusal.status).toBe(429);
    expect(refusal.details?.['retryAfterSeconds']).toBeGreaterThan(0);
    // One house has a whole /64 to choose from.
    for (let times = 0; times < 25; times++) await codeOf(here.register(WEB, `2001:db8::${times.toString(16)}`));
    expect((await rows(here)).length).toBeLessThanOrEqual(30);
    expect(await codeOf(here.register(WEB, '2001:db8::ffff'))).toBe('CLIENT_REGISTRATION_THROTTLED');
  });

  it('who never got a token is forgotten after a day; who did stays', async () => {
    const here = await open(dialect);
    const [idle, used] = [await here.register(), await here.register()];
    await here.directory.used(used.client_id);
    here.clock.advance(24 * 3_600_000);
    expect(await here.directory.find(idle.client_id)).toBeUndefined();
    expect(await codeOf(here.registrar.read(idle.client_id, token(idle)))).toBe('CLIENT_TOKEN_REFUSED');
    expect(await here.directory.find(used.client_id)).toBeDefined();
    here.clock.advance(1);
    await here.register();
    expect((await rows(here)).map(({ client_id }) => client_id)).not.toContain(idle.client_id);
  });

  it('where there are too many, the oldest that nobody used goes; one that is new or used does not', async () => {
    const here = await open(dialect, { most: 3 });
    const [used, oldest, next] = [await here.register(), await here.register(), await here.register()];
    await here.directory.used(used.client_id);
    expect(await codeOf(here.register())).toBe('CLIENT_REGISTRATIONS_FULL');
    here.clock.advance(10 * 60_000 + 1);
    await here.register();
    const kept = (await rows(here)).map(({ client_id }) => client_id);
    expect(kept).toContain(used.client_id);
    expect(kept).toHaveLength(3);
    // Both were made in one moment: one of them went.
    expect([oldest, next].filter(({ client_id }) => kept.includes(client_id))).toHaveLength(1);
  });

  it('a restored copy revives no client that was deleted, none as it was before a change, and no token', async () => {
    const here = await open(dialect);
    const [deleted, changed, kept] = [await here.register(), await here.register(), await here.register()];
    const ends = (what: string) =>
      new Map(
        what === 'client.deleted'
          ? [[deleted.client_id, 1]]
          : what === 'client.changed'
            ? [
                [changed.client_id, here.clock.now() + 1],
                [kept.client_id, here.clock.now()],
              ]
            : [],
      );
    expect(await authServerAfterRestore.replay?.(here.database.db, ends, here.clock.now())).toBe(2);
    expect(await authServerAfterRestore.endSessions?.(here.database.db, here.clock.now())).toBe(1);
    expect((await rows(here)).map(({ client_id }) => client_id)).toEqual([kept.client_id]);
    expect(await codeOf(here.registrar.read(kept.client_id, token(kept)))).toBe('CLIENT_TOKEN_REFUSED');
    expect(await here.directory.find(kept.client_id)).toBeDefined();
  });
});

test('a client that becomes confidential gets a secret once, keeps it, and loses it with the method', async () => {
  const here = await open('sqlite', { confidential: true });
  const first = await here.register();
  const change = async (from: Registered, members: object) =>
    (await here.registrar.update(by(), first.client_id, token(from), {
      ...WEB,
      client_id: first.client_id,
      ...members,
    })) as unknown as Registered;
  const second = await change(first, { token_endpoint_auth_method: 'client_secret_post' });
  const secret = second.client_secret as string;
  expect(secret).toBeDefined();
  const third = await change(second, { token_endpoint_auth_method: 'client_secret_basic', client_secret: secret });
  expect(third.client_secret).toBeUndefined();
  expect(
    compareClientSecret((await here.directory.findClient(first.client_id))?.['client_secret'] as string, secret),
  ).toBe(true);
  await change(third, {});
  expect((await rows(here))[0]?.secret_hash).toBeNull();
});

test('a refused registration says the word of RFC 7591 §3.2.2 and stores nothing', async () => {
  const here = await open('sqlite');
  const refused = (await here
    .register({ redirect_uris: ['http://evil.test/cb'] })
    .catch((error: unknown) => error)) as ChatelaineError;
  expect(refused).toMatchObject({
    code: 'CLIENT_METADATA_REFUSED',
    status: 400,
    details: { error: 'invalid_redirect_uri' },
  });
  expect(await rows(here)).toEqual([]);
});

test('where registration is off, clients that registered before count no more', async () => {
  const here = await open('sqlite');
  const { client_id: id } = await here.register();
  const off = new ClientDirectory({
    database: here.database,
    clock: here.clock,
    declared: () => [],
    secrets: { read: async () => expect.unreachable('no secret is asked for') },
  });
  expect(await off.find(id)).toBeUndefined();
});
