/**
 * Who brings the definition of a tool into use is decided by policies, and a policy asks for a second person:
 * at the door of a server, over both databases.
 */
import { randomBytes } from 'node:crypto';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, onTestFinished, test } from 'vitest';
import type { CliContext } from '#cli';
import { EVERYWHERE, serverSchema, type Role } from '#contract';
import { prepareDataDirectory } from '#db';
import { createGateway, listen } from '#gateway';
import { openApiDoor } from '#http';
import { operator, provisionUser } from '#identity';
import { err, reveal, silentLogger as log, systemClock as clock } from '#kernel';
import { dialects, emptyPlace, type TestDialect } from '../../../test/databases.ts';
import { openConfigured } from '../configuration/index.ts';
import { Endings } from '../endings.ts';
import { openRegistry } from '../registry/open-registry.ts';
import { lateApi } from '../serve/late-api.ts';
import { openApi } from '../services/open-api.ts';
import { bearerVerifier, openServices, toolSecrets } from '../services/index.ts';

const FILE = `
kind: source
name: cities
type: sqlite
database: ":memory:"
---
kind: source
name: code
type: module
path: ./greet.ts
---
kind: tool
name: greet
type: module
source: code
`;
const greet = (description: string): string =>
  `export const greet = { kind: 'tool', description: ${JSON.stringify(description)}, handler: () => 'hello' };`;

const COUNT = `
type: sqlite-sql
source: cities
description: How many cities there are.
readOnly: true
tags: [money]
statement: SELECT 3 AS cities
`;
const MORE = COUNT.replace('SELECT 3', 'SELECT 4');

/** What is tagged so runs when somebody else has said yes, as \`whose\` of \`@approval\` has it. */
const second = (annotation: string): string => `
kind: policy
name: second-person
everywhere: true
priority: 10
cedar: |
  ${annotation}
  permit (principal, action == Action::"publish", resource)
  when { principal in Role::"tool_publisher" && (resource.tags.contains("money") || resource.kind == "module") };
`;

interface Answer {
  readonly status: number;
  readonly code: string | undefined;
  readonly detail: string;
  readonly body: Readonly<Record<string, unknown>>;
}

async function served(dialect: TestDialect, policy: string) {
  const at = await emptyPlace(dialect);
  writeFileSync(join(at.directory, 'tools.yaml'), `${FILE}---${policy}`);
  writeFileSync(join(at.directory, 'greet.ts'), greet('Greets a person.'));
  prepareDataDirectory(at.directory);
  const endings = new Endings();
  const settings = serverSchema.parse({ kind: 'server', port: 0, database: at.document });
  const stateKey = randomBytes(32);
  const known: { configured?: Awaited<ReturnType<typeof openConfigured>> } = {};
  const NONE: readonly never[] = [];
  const declaredPolicies = () => known.configured?.policies() ?? NONE;
  const services = await openServices({ dataDir: at.directory, settings, declaredPolicies, clock, log, endings });
  const context = { env: {}, clock, version: 'test' } as unknown as CliContext;
  const secrets = toolSecrets(services.vault.reader, services.audit);
  const config = join(at.directory, 'tools.yaml');
  const configured = (known.configured = await openConfigured(
    { config },
    { context, log, dataDir: at.directory, secrets },
  ));
  endings.add('toolbox', () => configured.close());
  const registry = await openRegistry({ ...services, settings, configured });
  const signIn = () => services.signIn();
  const gateway = createGateway({
    trail: services.audit,
    policies: services.policies,
    toolbox: configured.toolbox,
    verifier: bearerVerifier(services.identity.keys, () => signIn().verifier, {
      verify: () => err({ reason: 'unknown' }),
    }),
    settings,
    stateKey,
    maskKey: async () => stateKey,
    api: lateApi(async () => {
      const parts = { version: 'test', settings, dataDir: at.directory, secret: stateKey, endings, clock, log };
      return await openApiDoor(
        await openApi(services, { ...parts, registry: await registry.services() }),
        settings.limits,
      );
    }),
    observers: [],
    version: 'test',
    clock,
    log,
  });
  const listener = await listen({ host: '127.0.0.1', port: 0, requestTimeoutMs: 30_000, handler: gateway.handler });
  const url = new URL(`http://localhost:${listener.port}`);
  services.signIn(url);
  onTestFinished(async () => {
    gateway.drain();
    await listener.close(100);
    await gateway.close();
    await endings.close(log);
  });

  const ask = async (method: string, path: string, credential: string, body?: object): Promise<Answer> => {
    const answer = await fetch(new URL(`/api/v1/tools/default/${path}`, url), {
      method,
      headers: { authorization: `Bearer ${credential}`, 'content-type': 'application/json', 'if-match': '*' },
      ...(body !== undefined && { body: JSON.stringify(body) }),
    });
    const text = await answer.text();
    const read = text === '' ? {} : (JSON.parse(text) as Record<string, unknown>);
    const { code, detail = '' } = read as { readonly code?: string; readonly detail?: string };
    return { status: answer.status, code, detail, body: read };
  };
  const waiting = async (name: string, credential: string): Promise<string> =>
    ((await ask('GET', `${name}/pin`, credential)).body['waiting'] as { readonly digest: string }).digest;
  return {
    services,
    ask,
    /** Somebody with these roles everywhere, signed in with a second factor; gives the session and the id. */
    async person(name: string, ...roles: readonly Role[]) {
      const { identity, users } = services;
      const who = { issuer: 'https://idp.test', subject: name, preferredName: name, displayName: name };
      const { user } = await provisionUser({ frame: identity.frame, users }, { door: 'console' }, who);
      const subject = { kind: 'user', id: user.id } as const;
      for (const role of roles) await identity.roles.create(operator(), { role, namespace: EVERYWHERE, subject });
      const session = { userId: user.id, kind: 'cli', stage: 'active', amr: ['pwd', 'otp', 'mfa'] } as const;
      const place = { authTime: clock.now(), address: '127.0.0.1', device: 'test' };
      const { token } = await signIn().sessions.begin({ ...session, ...place }, async () => {});
      return { id: user.id, session: `chs_${reveal(token)}` };
    },
    /** An agent that publishes, for whom that user answers; gives a key of it. */
    async agent(name: string, responsibleUser?: string): Promise<string> {
      const facts = { name, roles: ['tool_publisher'], ...(responsibleUser !== undefined && { responsibleUser }) };
      await services.identity.agents.create(operator(), facts);
      const made = { agent: name, access: ['read', 'execute', 'admin'] } as const;
      return reveal((await services.identity.keys.create(operator(), made)).secret);
    },
    register: (credential: string, document = COUNT) => ask('POST', 'count', credential, { document }),
    update: (credential: string, document: string) => ask('PUT', 'count', credential, { document }),
    async approve(credential: string, name = 'count') {
      const digest = await waiting(name, credential);
      return await ask('POST', `${name}/pin/approve`, credential, { digest });
    },
    /** What came of such changes, newest first. */
    recorded: async (type: string) =>
      (await services.audit.query({ type }, { limit: 20 })).records
        .filter(({ outcome }) => outcome !== 'intent')
        .map(({ outcome, error }) => (error === undefined ? outcome : `${outcome} ${error}`)),
    /** As it runs: \`active\` or \`quarantined\`. */
    status: async (credential: string) => (await ask('GET', 'count', credential)).body['status'],
    configured,
    registry,
  };
}

describe.each(dialects)('a publication on %s', (dialect) => {
  test('waits where a policy asks for a second person: its maker is refused, and another publisher is enough', async () => {
    const at = await served(dialect, second('@approval'));
    const ann = await at.person('ann', 'tool_publisher');
    const ben = await at.person('ben', 'tool_publisher');
    expect((await at.register(ann.session)).body).toMatchObject({ status: 'quarantined' });
    expect(await at.approve(ann.session)).toMatchObject({ status: 403, code: 'SECOND_PERSON_NEEDED' });
    expect(await at.status(ann.session)).toBe('quarantined');
    expect((await at.approve(ben.session)).body).toEqual({ state: 'approved', open: [] });
    expect(await at.status(ann.session)).toBe('active');
    expect(await at.recorded('tool.approve')).toEqual(['success', 'denied SECOND_PERSON_NEEDED']);
    // What the policy is not about runs at once, as ever.
    const plain = await at.ask('POST', 'plain', ann.session, { document: COUNT.replace('money', 'geography') });
    expect(plain.body).toMatchObject({ status: 'active' });
  });

  test('takes the yes of those whom the policy names, and who is refused hears who that is', async () => {
    const at = await served(dialect, second('@approval("role:policy_admin")'));
    const ann = await at.person('ann', 'tool_publisher');
    const ben = await at.person('ben', 'tool_publisher');
    const pia = await at.person('pia', 'policy_admin');
    await at.register(ann.session);
    const refused = await at.approve(ben.session);
    expect([refused.status, refused.code]).toEqual([403, 'SECOND_PERSON_NEEDED']);
    expect(refused.detail).toContain('it takes the yes of somebody with the role `policy_admin`');
    expect((await at.approve(pia.session)).body).toEqual({ state: 'approved', open: [] });
  });

  test('takes two others where two policies of one rank name two', async () => {
    const named = second('@approval("role:policy_admin")').replace('second-person', 'third-person');
    const at = await served(dialect, `${second('@approval("role:tool_publisher")')}---${named}`);
    const ann = await at.person('ann', 'tool_publisher');
    const ben = await at.person('ben', 'tool_publisher', 'policy_admin');
    const pia = await at.person('pia', 'policy_admin');
    await at.register(ann.session);
    // Who could stand for both stands for one, however often they say it.
    for (let times = 0; times < 2; times++) {
      expect((await at.approve(ben.session)).body).toMatchObject({ state: 'quarantined', open: [expect.any(String)] });
    }
    expect(await at.status(ann.session)).toBe('quarantined');
    expect((await at.approve(pia.session)).body).toEqual({ state: 'approved', open: [] });
  });

  test('is refused to whom no policy permits it, whatever their role, and that is on record', async () => {
    const forbid = '\nkind: policy\nname: closed\ncedar: forbid (principal, action == Action::"publish", resource);\n';
    const at = await served(dialect, forbid);
    const ann = await at.person('ann', 'tool_publisher');
    expect(await at.register(ann.session)).toMatchObject({ status: 403, code: 'PUBLICATION_DENIED' });
    expect((await at.ask('GET', 'count', ann.session)).status).toBe(404);
    expect(await at.recorded('tool.register')).toEqual(['denied PUBLICATION_DENIED']);
  });

  test('of what code says needs two people: the first yes proposes it, the second counts', async () => {
    const at = await served(dialect, second('@approval'));
    const ann = await at.person('ann', 'tool_publisher');
    const ben = await at.person('ben', 'tool_publisher');
    await at.ask('POST', 'greet/quarantine', ann.session, {});
    const approve = async (credential: string): Promise<Answer> => {
      const { body } = await at.ask('GET', 'greet/pin', credential);
      const { digest } = (body['waiting'] ?? body['approved']) as { digest: string };
      return await at.ask('POST', 'greet/pin/approve', credential, { digest });
    };
    expect((await approve(ann.session)).body).toEqual({ state: 'quarantined', open: [''] });
    expect(await approve(ann.session)).toMatchObject({ status: 403, code: 'SECOND_PERSON_NEEDED' });
    expect((await approve(ben.session)).body).toEqual({ state: 'approved', open: [] });
  });
});

describe.each(dialects)('REG-021: a maker who is their own second person, on %s', (dialect) => {
  test('by an agent that they answer for: as maker, as approver, and when it was handed on since', async () => {
    const at = await served(dialect, second('@approval'));
    const ann = await at.person('ann', 'tool_publisher');
    const ben = await at.person('ben', 'tool_publisher');
    const bot = await at.agent('bot', ann.id);
    await at.register(bot);
    for (const credential of [bot, ann.session]) {
      expect(await at.approve(credential)).toMatchObject({ status: 403, code: 'SECOND_PERSON_NEEDED' });
    }
    await at.services.identity.agents.change(operator(), 'bot', 'default', { responsibleUser: ben.id });
    for (const credential of [ann.session, ben.session]) {
      expect(await at.approve(credential)).toMatchObject({ status: 403, code: 'SECOND_PERSON_NEEDED' });
    }
    expect(await at.status(bot)).toBe('quarantined');
  });

  test('by two agents, or two keys of one: no agent is a person', async () => {
    const at = await served(dialect, second('@approval'));
    const ann = await at.person('ann', 'tool_publisher');
    const [one, other] = [await at.agent('one', ann.id), await at.agent('other', ann.id)];
    await at.register(one);
    expect(await at.approve(other)).toMatchObject({ status: 403, code: 'SECOND_PERSON_NEEDED' });
  });

  test('by an agent that nobody answers for: who made it cannot be told, so nothing is published', async () => {
    const at = await served(dialect, second('@approval'));
    const bot = await at.agent('bot');
    const refused = await at.register(bot);
    expect([refused.status, refused.code]).toEqual([403, 'SECOND_PERSON_NEEDED']);
    expect((await at.ask('GET', 'count', bot)).status).toBe(404);
  });

  test('by another who publishes the same words once more, or brings an earlier document of theirs back', async () => {
    const at = await served(dialect, second('@approval'));
    const ann = await at.person('ann', 'tool_publisher');
    const root = await at.person('root', 'admin', 'tool_publisher');
    await at.register(ann.session);
    expect((await at.update(root.session, COUNT)).status).toBe(200);
    for (const { session } of [ann, root]) {
      expect(await at.approve(session)).toMatchObject({ status: 403, code: 'SECOND_PERSON_NEEDED' });
    }
    await at.update(root.session, MORE);
    // Not hers any more: she is a second person to it.
    expect((await at.approve(ann.session)).body).toMatchObject({ state: 'approved' });
    expect((await at.ask('POST', 'count/restore', root.session, { revision: 1 })).status).toBe(200);
    expect(await at.approve(ann.session)).toMatchObject({ status: 403, code: 'SECOND_PERSON_NEEDED' });
  });

  test('by a document that was changed after somebody said yes', async () => {
    const named = second('@approval("role:policy_admin")').replace('second-person', 'third-person');
    const at = await served(dialect, `${second('@approval("role:tool_publisher")')}---${named}`);
    const ann = await at.person('ann', 'tool_publisher');
    const ben = await at.person('ben', 'tool_publisher');
    const pia = await at.person('pia', 'policy_admin');
    await at.register(ann.session);
    await at.approve(ben.session);
    await at.update(ann.session, MORE);
    expect((await at.approve(pia.session)).body).toEqual({ state: 'quarantined', open: ['role:tool_publisher'] });
  });
});
