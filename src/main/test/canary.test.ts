/**
 * VLT-005: what is made for people and agents, asked of them and kept for them beside the vault's secrets: shown to
 * whom it is for, and found nowhere else (invariant: no secret in any log, record, metric, answer, file or backup).
 */
import { mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, onTestFinished, test, vi } from 'vitest';
import { listBackups, makeKeyPair } from '#backup';
import { EVERYWHERE } from '#contract';
import { operator } from '#identity';
import { reveal, systemClock } from '#kernel';
import { loadAnomalies } from '#registry';
import { parseSecretMaterial } from '#vault';
import { canary, leaksIn, madeCanary, type Canary, type Leak } from '../../../test/canary/forms.ts';
import { collector, repeatingApi } from '../../../test/canary/upstream.ts';
import { freePort } from '../../../test/loopback.ts';
import { withServices } from './api.fixture.ts';
import { CITIES, run, start, workspace } from './server.fixture.ts';

const configuration = (server: object, api: string): string => `${CITIES}
---
kind: tool
name: note
type: sqlite-sql
source: cities
description: How long a note is.
readOnly: true
parameters: [{ name: text, type: string, description: The note. }]
statement: SELECT length(?) AS length
---
kind: tool
name: rename
type: sqlite-sql
source: cities
description: Renames a city.
parameters: [{ name: name, type: string, description: The new name. }]
statement: UPDATE cities SET name = ? WHERE id = 1
---
kind: source
name: api
type: http
baseUrl: ${api}
allowedIpRanges: [127.0.0.0/8]
auth: { secret: secret://default/registered }
---
kind: policy
name: notes
everywhere: true
priority: 10
cedar: |
  permit (principal, action == Action::"execute", resource == Tool::"default/note")
  when { context.args has text && context.args.text != "nothing" };
---
kind: policy
name: renames
everywhere: true
priority: 20
cedar: |
  @approval
  permit (principal, action == Action::"execute", resource == Tool::"default/rename");
---
kind: policy
name: others
everywhere: true
cedar: permit (principal in Role::"user", action in [Action::"execute", Action::"vend"], resource);
---
${JSON.stringify(server)}
`;

/** Every file below a folder. */
const filesBelow = (folder: string): string[] =>
  readdirSync(folder, { withFileTypes: true, recursive: true })
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name));

const leaksBelow = (folder: string, canaries: readonly Canary[]): Leak[] =>
  filesBelow(folder).flatMap((file) => leaksIn(file, readFileSync(file), canaries));

/** Somebody who calls tools with a program that nobody saw before is told of. */
async function raiseNextTime(dataDir: string, agent: string): Promise<void> {
  const { Habits, NEW_PROFILE, writeProfile } = await loadAnomalies();
  const now = systemClock.now();
  const habits = new Habits(NEW_PROFILE);
  for (let at = now - 20 * 86_400_000; at < now - 3_600_000; at += 3_600_000) {
    const seen = { tool: 'city', denied: false, size: 6, client: 'bookings', address: undefined };
    habits.observe({ at, ...seen });
  }
  await withServices(dataDir, systemClock, ({ database }) => writeProfile(database.db, agent, habits.profile, now));
}

test('VLT-005: credentials, invitations, passwords, arguments that wait, facts of decisions and the keys of webhooks are nowhere in the clear', async () => {
  const place = workspace();
  onTestFinished(() => place.remove());
  const [api, oncall, approvers] = [await repeatingApi(), await collector(), await collector()];
  for (const one of [api, oncall, approvers]) onTestFinished(async () => one[Symbol.asyncDispose]());
  const planted = {
    registered: canary('secret of a registered tool'),
    alerts: canary('key of the webhook of alerts'),
    approvals: canary('key of the webhook of approvals'),
    argument: canary('argument of a call that waits for a yes'),
    fact: canary('argument that a policy looked at'),
    password: canary('password of somebody invited'),
  };
  const wish = canary('justification of a wish for access');

  const { admin, publisher, agent, agentId } = await withServices(place.dataDir, systemClock, async (services) => {
    const { identity, vault } = services;
    const by = operator();
    const chief = await identity.keys.create(by, { agent: 'chief', roles: [], access: ['read', 'admin'] });
    const subject = { kind: 'agent', id: chief.agent.id } as const;
    await identity.roles.create(by, { role: 'admin', namespace: EVERYWHERE, subject });
    const publishing = await identity.keys.create(by, {
      ...{ agent: 'publisher', roles: ['tool_publisher', 'user'], access: ['read', 'execute', 'admin'] },
    });
    const calling = await identity.keys.create(by, { agent: 'worker', roles: ['user'] });
    const material = parseSecretMaterial({ kind: 'api-key', key: planted.registered.text });
    await vault.secrets.put({ namespace: 'default', name: 'registered', material }, async () => {});
    return {
      admin: reveal(chief.secret),
      ...{ publisher: reveal(publishing.secret), agent: reveal(calling.secret), agentId: calling.agent.id },
    };
  });
  await raiseNextTime(place.dataDir, `agent:${agentId}`);

  const [port, metricsPort] = [await freePort(), await freePort()];
  const webhook = (url: string, secret: string) => ({ webhook: { url, secret, allowPrivateNetworks: true } });
  const settings = {
    ...{ kind: 'server', metrics: { port: metricsPort }, publicUrl: `http://127.0.0.1:${port}` },
    alerts: webhook(`${oncall.url}/alerts`, '${ALERTS}'),
    approvals: webhook(`${approvers.url}/approvals`, '${APPROVALS}'),
  };
  const config = place.write('tools.yaml', configuration(settings, api.url));
  const env = { ALERTS: planted.alerts.text, APPROVALS: planted.approvals.text };
  const there = ['--config', config, '--data-dir', place.dataDir];
  const server = await start([...there, '--port', String(port), '--log-level', 'trace'], { env });
  onTestFinished(() => server.stop().then(() => undefined));

  /** Said to somebody for whom it was not. */
  const said: (readonly [where: string, text: string])[] = [];
  interface Said {
    readonly status: number;
    readonly body: Readonly<Record<string, unknown>>;
  }
  /** What is shown once is shown to whom asked for it; everything else is heard. */
  async function ask(
    method: string,
    path: string,
    key: string | undefined,
    body?: object,
    { headers = {}, once = false }: { readonly headers?: Record<string, string>; readonly once?: boolean } = {},
  ): Promise<Said> {
    const answer = await fetch(new URL(path, server.url), {
      method,
      headers: {
        ...(key !== undefined && { authorization: `Bearer ${key}` }),
        ...(body !== undefined && { 'content-type': 'application/json' }),
        ...headers,
      },
      ...(body !== undefined && { body: JSON.stringify(body) }),
    });
    const text = await answer.text();
    if (!once) said.push([`${method} ${path}`, `${JSON.stringify([...answer.headers])}\n${text}`]);
    return { status: answer.status, body: text === '' ? {} : (JSON.parse(text) as Said['body']) };
  }
  const invoke = (tool: string, key: string, args: object): Promise<Said> =>
    ask('POST', `/api/tool/${tool}/invoke`, key, args);
  const made: Canary[] = [];
  const again = { 'idempotency-key': 'the-same-key-each-time' };

  // Somebody is invited, signs in and calls a tool by an argument that a policy looks at.
  const invited = await ask('POST', '/api/v1/invitations', admin, {}, { headers: again, once: true });
  expect(invited.status).toBe(201);
  const invitation = String(invited.body['invitation']);
  made.push(madeCanary('invitation', invitation));
  await ask('POST', '/api/v1/invitations', admin, {}, { headers: again });
  const person = { username: 'nora', email: 'nora@example.test', name: 'Nora', password: planted.password.text };
  expect((await ask('POST', '/api/v1/register', undefined, { ...person, invitation, password: 'short' })).status).toBe(
    400,
  );
  const registered = await ask('POST', '/api/v1/register', undefined, { ...person, invitation });
  expect(registered.status).toBe(201);
  await ask('POST', '/api/v1/register', undefined, { ...person, invitation });
  await withServices(place.dataDir, systemClock, ({ identity }) =>
    identity.roles.create(operator(), {
      ...{ role: 'user', namespace: 'default', subject: { kind: 'user', id: String(registered.body['id']) } },
    }),
  );
  const signedIn = await fetch(`${server.url}/api/v1/token`, {
    method: 'POST',
    body: new URLSearchParams({ grant_type: 'password', username: 'nora', password: planted.password.text }),
  });
  const { access_token: session } = (await signedIn.json()) as { readonly access_token: string };
  made.push(madeCanary('token of a person', session.slice('chs_'.length)));
  await expect
    .poll(async () => (await invoke('note', session, { text: planted.fact.text })).status, { timeout: 20_000 })
    .toBe(200);

  // An agent is given a credential, uses it, and asks for more.
  const access = '/api/v1/tools/default/city/access';
  const vended = await ask('POST', access, agent, {}, { headers: again, once: true });
  expect([vended.status, vended.body]).toMatchObject([201, { token: expect.any(String) }]);
  const credential = String(vended.body['token']);
  made.push(
    ...credential
      .split('.')
      .map((part, at) => madeCanary(`part ${at} of a credential`, part))
      .slice(1),
  );
  expect((await ask('POST', access, agent, {}, { headers: again })).body['token']).toBeNull();
  expect((await invoke('city', credential, { id: 1 })).status).toBe(200);
  expect((await invoke('note', credential, { text: 'x' })).status).not.toBe(200);
  const validation = { token: credential };
  expect((await ask('POST', '/api/v1/credentials/validate', publisher, validation)).body['valid']).toBe(true);
  await ask('GET', '/api/v1/tools/default/city/validate-access', credential);
  expect((await ask('DELETE', access, credential)).status).toBe(204);
  expect((await ask('POST', '/api/v1/credentials/validate', publisher, validation)).body['valid']).toBe(false);
  const wished = { justification: wish.text };
  expect((await ask('POST', '/api/v1/tools/default/note/access/requests', agent, wished)).status).toBe(201);

  // A call waits for a yes, a publisher's tool answers with the key it was called with, and somebody is told of.
  const waiting = await invoke('rename', agent, { name: planted.argument.text });
  expect(waiting.body['code']).toBe('APPROVAL_REQUIRED');
  const { id: approval } = waiting.body['approval'] as { readonly id: string };
  const document = {
    ...{ kind: 'tool', type: 'http', source: 'api', description: 'Looks something up.' },
    ...{ method: 'GET', path: '/ok' },
  };
  const published = await ask('POST', '/api/v1/tools/default/look_up', publisher, { document });
  expect(published.status, JSON.stringify(published.body)).toBe(201);
  const looked = await invoke('look_up', publisher, {});
  expect([looked.status, JSON.stringify(looked.body)]).toEqual([200, expect.stringContaining('[secret]')]);
  await ask('GET', '/api/v1/tools/default/look_up', publisher);
  await ask('POST', '/api/tool/city/invoke', agent, { id: 1 }, { headers: { 'user-agent': 'python-requests/2.32' } });
  await vi.waitFor(() => expect([oncall.received.length > 0, approvers.received.length > 0]).toEqual([true, true]), {
    timeout: 60_000,
  });
  said.push(['webhook of alerts', oncall.seen()], ['webhook of approvals', approvers.seen()]);
  const metrics = await fetch(`http://127.0.0.1:${metricsPort}/metrics`);
  said.push(['metrics', await metrics.text()]);

  // What was planted is there: else there would be nothing to find.
  expect(api.seen()).toContain(planted.registered.core);
  await withServices(place.dataDir, systemClock, async ({ audit, database }) => {
    const { records } = await audit.query({ type: 'tool.call' }, { limit: 50 });
    const opened = await Promise.all(records.map((record) => audit.opened(record)));
    expect(JSON.stringify(opened)).toContain(planted.fact.core);
    const rows = await database.db.selectFrom('approvals').select(['id', 'sealed']).execute();
    expect(rows).toEqual([{ id: approval, sealed: expect.any(String) }]);
  });

  const pair = makeKeyPair();
  const backups = join(place.folder, 'backups');
  mkdirSync(backups);
  const backed = await run(['backup', 'create', '--folder', backups, '--recipient', pair.recipient, ...there], { env });
  expect(backed.code).toBe(0);
  const next = place.file('next');
  const key = place.write('backup.key', reveal(pair.privateKey));
  const restored = await run(
    [
      'restore',
      listBackups(backups)[0]?.path ?? '',
      '--key',
      key,
      '--ledger',
      join(place.dataDir, 'ledger'),
      '--config',
      config,
      '--data-dir',
      next,
    ],
    { env },
  );
  expect(restored.code, restored.stderr).toBe(0);
  for (const [where, { stdout, stderr }] of [['backup', backed] as const, ['restore', restored] as const])
    said.push([where, stdout + stderr]);

  const canaries = [...Object.values(planted), ...made];
  const folders = [place.dataDir, backups, next];
  expect(folders.flatMap((folder) => leaksBelow(folder, [...canaries, wish]).filter(isElsewhere(wish)))).toEqual([]);
  expect((await ask('POST', `/api/v1/approvals/${approval}/cancel`, agent, {})).status).toBe(200);
  await server.stop();
  said.push(['log', server.stdout() + server.stderr()]);
  expect(server.stderr()).toContain('"level"');
  expect(leaksBelow(place.dataDir, [...canaries, wish]).filter(isElsewhere(wish))).toEqual([]);
  expect(said.flatMap(([where, text]) => leaksIn(where, Buffer.from(text), canaries))).toEqual([]);

  // One that is planted in these very places is found.
  for (const folder of folders) {
    writeFileSync(join(folder, 'planted'), Buffer.from(`x${credential}`).toString('base64'));
    expect(new Set(leaksBelow(folder, canaries).map(({ where }) => where))).toEqual(new Set([join(folder, 'planted')]));
  }
}, 300_000);

/** What a reviewer is to read lies in the database, and is on no record. */
const isElsewhere =
  ({ name }: Canary) =>
  ({ canary: found, where }: Leak): boolean =>
    found !== name || !/chatelaine\.db(?:-wal)?$/.test(where);
