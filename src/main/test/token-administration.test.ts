/** What administrators and people end of what the authorization server gave, at the API and in every process. */
import { serverSchema } from '#contract';
import { operator } from '#identity';
import { reveal, silentLogger, systemClock } from '#kernel';
import { Endings, openServices, type Services } from '#main';
import { afterAll, beforeAll, describe, expect, onTestFinished, test } from 'vitest';
import { emptyPlace } from '../../../test/databases.ts';
import { seedAuthorization, withServices } from './api.fixture.ts';
import { freePort } from '../../../test/loopback.ts';
import { letIn, personWith, refreshAt } from './own-server.fixture.ts';
import { CITIES, start, workspace, type RunningServer, type Workspace } from './server.fixture.ts';

interface Asked {
  readonly status: number;
  readonly body: Readonly<Record<string, unknown>>;
}

async function ask(url: URL | string, credential: string, method: string, path: string, body?: object): Promise<Asked> {
  const answer = await fetch(new URL(`/api/v1${path}`, url), {
    method,
    headers: { authorization: `Bearer ${credential}`, ...(body && { 'content-type': 'application/json' }) },
    ...(body && { body: JSON.stringify(body) }),
  });
  const text = await answer.text();
  return { status: answer.status, body: text === '' ? {} : (JSON.parse(text) as Record<string, unknown>) };
}

const administratorKey = async ({ identity }: Services): Promise<string> => {
  const access = ['read', 'execute', 'admin'];
  const made = await identity.keys.create(operator(), { agent: 'chief', roles: [], access });
  const subject = { kind: 'agent', id: made.agent.id } as const;
  await identity.roles.create(operator(), { role: 'admin', namespace: '*', subject });
  return reveal(made.secret);
};

describe('of two processes on one PostgreSQL', () => {
  /** Two servers of one issuer, an administrator's key, and a person with the token of a client of theirs. */
  async function twoProcesses() {
    const at = await emptyPlace('postgres');
    const place = workspace();
    const [port, second] = [await freePort(), await freePort()];
    const publicUrl = new URL(`http://localhost:${port}`);
    const database = { ...at.document, password: '${DATABASE_PASSWORD}' };
    const env = { DATABASE_PASSWORD: String(at.document['password']) };
    const servers: RunningServer[] = [];
    onTestFinished(async () => {
      await Promise.all(servers.map((server) => server.stop()));
      place.remove();
    });
    for (const own of [port, second]) {
      const document = `kind: server\nport: ${own}\nmetrics: false\npublicUrl: ${publicUrl.origin}\ndatabase: ${JSON.stringify(database)}`;
      const file = place.write(`tools-${own}.yaml`, `${CITIES}---\n${document}\n`);
      const args = ['--config', file, '--port', String(own), '--data-dir', place.dataDir];
      servers.push(await start(args, { cwd: place.folder, env }));
    }
    const endings = new Endings();
    const settings = serverSchema.parse({ kind: 'server', database: at.document });
    const services = await openServices({
      ...{ dataDir: place.dataDir, settings, endings, clock: systemClock, log: silentLogger },
    });
    onTestFinished(() => endings.close(silentLogger));
    const one = publicUrl;
    const other = new URL(`http://localhost:${second}`);
    const person = await personWith(services, { name: 'ann', role: 'user', own: one, publicUrl });
    const given = await letIn(one, publicUrl, person.browser);
    /** What the other process says to the token of the client. */
    const statusThere = async (): Promise<number> => {
      const headers = { authorization: `Bearer ${given.accessToken}` };
      return (await fetch(new URL('/api/toolset', other), { headers })).status;
    };
    await expect.poll(statusThere, { timeout: 20_000 }).toBe(200);
    return { one, other, publicUrl, person, given, statusThere, key: await administratorKey(services), services };
  }

  /** Within the second that is promised, on a machine that is busy with other things. */
  const soon = { timeout: 10_000, interval: 50 };

  test(
    'a token session that is ended at one is over at the other, for access and refresh tokens',
    { timeout: 240_000 },
    async () => {
      const { one, other, given, person, key, statusThere } = await twoProcesses();
      const found = await ask(other, key, 'GET', `/token-sessions?user=${person.id}&client=${given.clientId}`);
      const [session] = found.body['items'] as { id: string; owner: string; state: string }[];
      expect(session).toMatchObject({ owner: 'default/gateway', state: 'active' });
      expect((await ask(one, key, 'DELETE', `/token-sessions/${session?.id}`)).status).toBe(204);
      await expect.poll(statusThere, soon).toBe(401);
      expect(await refreshAt(other, given)).toBe('invalid_grant');
      const shown = await ask(one, key, 'GET', `/token-sessions/${session?.id}`);
      expect(shown.body).toMatchObject({ state: 'ended', endedBecause: 'by an administrator' });
    },
  );

  test(
    'a client that is blocked at one neither uses nor gets tokens at the other, until it is let in again',
    { timeout: 240_000 },
    async () => {
      const { one, other, publicUrl, given, person, key, statusThere } = await twoProcesses();
      const { clientId } = given;
      const blocked = await ask(one, key, 'POST', '/oauth-clients/block', { clientId });
      expect(blocked.body).toMatchObject({ clientId, state: 'blocked', sessions: 0 });
      await expect.poll(statusThere, soon).toBe(401);
      expect(await refreshAt(other, given)).toBe('invalid_client');
      const query = `client_id=${clientId}&redirect_uri=${encodeURIComponent('http://127.0.0.1:33418/callback')}&response_type=code`;
      const refused = await person.browser.get(`/oauth/authorize?${query}&resource=${publicUrl.origin}/mcp`);
      expect([refused.status, refused.to]).toEqual([400, undefined]);
      const unblocked = await ask(one, key, 'POST', '/oauth-clients/unblock', { clientId });
      expect(unblocked.body).toMatchObject({ state: 'active' });
      // What ended stays ended; the client is one again.
      expect(await refreshAt(other, given)).toBe('invalid_grant');
    },
  );

  test(
    'all that a client, an owner or a user has is ended at once, and a deleted client is none',
    { timeout: 240_000 },
    async () => {
      const { one, other, given, person, publicUrl, key, statusThere, services } = await twoProcesses();
      const again = await letIn(one, publicUrl, person.browser);
      const byOwner = await ask(one, key, 'POST', '/token-sessions/end', { owner: 'elsewhere/none' });
      expect(byOwner.body).toEqual({ ended: 0 });
      const both = await ask(one, key, 'POST', '/token-sessions/end', {
        client: again.clientId,
        owner: 'default/gateway',
      });
      expect(both.body).toEqual({ ended: 1 });
      expect(await statusThere()).toBe(200);
      expect((await ask(one, key, 'DELETE', `/oauth-clients/${given.clientId}`)).status).toBe(204);
      await expect.poll(statusThere, soon).toBe(401);
      expect(await refreshAt(other, given)).toBe('invalid_client');
      expect((await ask(other, key, 'GET', `/oauth-clients/${given.clientId}`)).body['code']).toBe(
        'OAUTH_CLIENT_UNKNOWN',
      );
      const { records } = await services.audit.query({ type: 'client.deleted' }, { limit: 10 });
      expect(records.map(({ outcome }) => outcome)).toContain('success');
    },
  );
});

describe('at one server', () => {
  let place: Workspace;
  let server: RunningServer;
  let key: string;
  let people: Readonly<Record<'ann' | 'bo', { readonly id: string; readonly session: string; readonly left: Left }>>;
  type Left = Awaited<ReturnType<typeof seedAuthorization>>;

  beforeAll(async () => {
    place = workspace();
    const file = place.write('tools.yaml', CITIES);
    server = await start(['--config', file, '--data-dir', place.dataDir], { cwd: place.folder });
    await withServices(place.dataDir, systemClock, async (services) => {
      key = await administratorKey(services);
      const url = new URL(server.url);
      const one = async (name: string) => {
        const { id } = await personWith(services, { name, role: 'user', own: url, publicUrl: url });
        const { token } = await services.signIn().sessions.begin(
          {
            ...{ userId: id, kind: 'cli', stage: 'active', amr: ['pwd'] },
            address: '127.0.0.1',
            device: 'cli',
          } as const,
          async () => {},
        );
        return { id, session: `chs_${reveal(token)}`, left: await seedAuthorization(services.database.db, id) };
      };
      people = { ann: await one('ann'), bo: await one('bo') };
    });
  });
  afterAll(async () => {
    await server.stop();
    place.remove();
  });

  const as = (credential: string, method: string, path: string, body?: object) =>
    ask(server.url, credential, method, path, body);

  test('people see and end their own, and what is another’s answers as what is not there', async () => {
    const { ann, bo } = people;
    for (const [noun, mine, theirs, missing] of [
      ['token-sessions', ann.left.tokenSession, bo.left.tokenSession, 'TOKEN_SESSION_UNKNOWN'],
      ['grants', ann.left.grant, bo.left.grant, 'GRANT_UNKNOWN'],
    ] as const) {
      const listed = await as(ann.session, 'GET', `/users/me/${noun}`);
      expect((listed.body['items'] as { id: string }[]).map(({ id }) => id)).toEqual([mine]);
      expect(JSON.stringify(listed.body)).not.toContain('tokens');
      expect((await as(ann.session, 'GET', `/users/${bo.id}/${noun}`)).body['code']).toBe('USER_UNKNOWN');
      expect((await as(ann.session, 'GET', `/${noun}`)).body['code']).toBe('FORBIDDEN');
      const nowhere = '06bxk2m9q4zv7c1n8hj3t5w0y2';
      const faces = [];
      for (const id of [theirs, nowhere]) {
        const { status, body } = await as(ann.session, 'DELETE', `/${noun}/${id}`);
        const { instance: _, ...rest } = body;
        faces.push(JSON.stringify([status, rest]).replaceAll(id, '…'));
      }
      expect(faces[0]).toContain(missing);
      expect(faces[0]).toBe(faces[1]);
      expect((await as(ann.session, 'DELETE', `/${noun}/${mine}`)).status).toBe(204);
      const after = await as(ann.session, 'GET', `/users/me/${noun}`);
      expect(after.body['items']).toEqual([]);
      // The other's goes on.
      expect(((await as(key, 'GET', `/${noun}?user=${bo.id}`)).body['items'] as object[]).length).toBe(1);
    }
  });

  test('lists come in pages, each thing once', async () => {
    for (const path of ['/token-sessions?state=all&', '/oauth-clients?', '/grants?']) {
      const ids: string[] = [];
      let cursor = '';
      do {
        const { body } = await as(key, 'GET', `${path}limit=1${cursor}`);
        const [item] = body['items'] as { id?: string; clientId?: string }[];
        ids.push(item?.id ?? item?.clientId ?? '');
        cursor = body['next'] === undefined ? '' : `&cursor=${encodeURIComponent(body['next'] as string)}`;
      } while (cursor !== '');
      expect(new Set(ids).size).toBe(ids.length);
      const whole = (await as(key, 'GET', path)).body['items'] as { id?: string; clientId?: string }[];
      expect(ids).toEqual(whole.map((item) => item.id ?? item.clientId));
    }
  });

  test('a client with a document can be blocked before anybody let it in, a built-in one never', async () => {
    const clientId = 'https://unseen.example/client.json';
    expect((await as(key, 'GET', `/oauth-clients/${encodeURIComponent(clientId)}`)).status).toBe(404);
    expect((await as(key, 'POST', '/oauth-clients/block', { clientId })).body).toMatchObject({ state: 'blocked' });
    expect((await as(key, 'GET', `/oauth-clients/${encodeURIComponent(clientId)}`)).body).toMatchObject({
      origin: 'document',
      state: 'blocked',
    });
    const own = await as(key, 'POST', '/oauth-clients/block', { clientId: 'chatelaine-cli' });
    expect(own.body['code']).toBe('OAUTH_CLIENT_BUILT_IN');
    const nobody = await as(key, 'POST', '/oauth-clients/block', { clientId: 'nobody' });
    expect(nobody.body['code']).toBe('OAUTH_CLIENT_UNKNOWN');
  });

  test('every ending is on record, with who did it', async () => {
    await as(key, 'POST', '/token-sessions/end', { user: people.bo.id });
    const { body } = await as(key, 'GET', '/audit/records?type=token-session.end-all');
    expect(body['items']).toContainEqual(
      expect.objectContaining({
        outcome: 'success',
        actor: expect.objectContaining({ name: 'chief' }),
        details: expect.objectContaining({ user: people.bo.id, ended: 1 }),
      }),
    );
  });
});
