/** The commands over credentials, access and invitations: at a server, with keys of agents. */
import { afterAll, beforeAll, expect, test } from 'vitest';
import { buildProgram } from '#cli';
import { EVERYWHERE } from '#contract';
import { operator } from '#identity';
import { Secret } from '#kernel';
import { cliContext } from '../../../test/cli-context.ts';
import { startVending, type VendingServer } from './vending.fixture.ts';

let served: VendingServer;
let [agent, publisher, admin] = ['', '', ''];
beforeAll(async () => {
  served = await startVending();
  agent = (await served.key('worker')).key;
  publisher = (await served.key('publisher', { roles: ['tool_publisher'] })).key;
  admin = (await served.key('root', { roles: ['admin'], access: ['read', 'admin'] })).key;
}, 120_000);
afterAll(() => served.close());

async function chatelaine(key: string, words: string, input?: string): Promise<string> {
  let told = '';
  const context = cliContext({
    env: { CHATELAINE_KEY: key },
    stdout: { write: (text) => ((told += text), true) },
    readSecret: async () => (input === undefined ? undefined : new Secret(input)),
  });
  const args = [...(words.match(/"[^"]*"|\S+/g) ?? [])].map((word) => word.replaceAll('"', ''));
  await (await buildProgram(context)).parseAsync([...args, '--server', served.url.origin], { from: 'user' });
  return told;
}
const json = async (key: string, words: string, input?: string) =>
  JSON.parse(await chatelaine(key, `${words} --json`, input)) as Record<string, never>;

test('credential request, validate, list and revoke', async () => {
  const made = await json(agent, 'credential request city --scope execute --for 5m');
  expect(made).toMatchObject({ resource: `${served.url.origin}/api/tool/city`, scopes: ['execute'] });
  const token = String(made['token']);
  expect(await chatelaine(publisher, 'credential validate --scope execute', token)).toMatch(
    /^It counts for `default\/city` until .*, with execute\.$/m,
  );
  expect(await chatelaine(agent, 'credential list')).toMatch(
    /ID\s+TOOL\s+HOLDER[\s\S]*default\/city\s+worker\s+execute/,
  );
  await expect(chatelaine(agent, `credential revoke ${String(made['id'])}`)).rejects.toMatchObject({
    code: 'FORBIDDEN',
  });
  expect(await chatelaine(admin, `credential revoke ${String(made['id'])}`)).toBe(
    `The credential ${String(made['id'])} is revoked.\n`,
  );
  expect(await chatelaine(publisher, 'credential validate', token)).toBe('It does not count here.\n');
  expect(await json(agent, 'credential list')).toEqual({ credentials: [] });
  expect(await chatelaine(agent, 'credential request default/city')).toContain('It is shown this once.');
});

test('access request, list and cancel', async () => {
  const asked = await json(agent, 'access request rename --justification "a new name"');
  expect(asked).toMatchObject({ tool: 'default/rename', state: 'pending', justification: 'a new name' });
  expect(await chatelaine(agent, 'access list')).toContain('a new name');
  // A program decides nothing.
  await expect(chatelaine(admin, `access approve ${String(asked['id'])}`)).rejects.toMatchObject({ code: 'FORBIDDEN' });
  expect(await chatelaine(agent, `access cancel ${String(asked['id'])}`)).toBe(
    'The request for `default/rename` is cancelled.\n',
  );
});

test('user invite prints what somebody registers with', async () => {
  const { identity } = served.services;
  const chief = await served.key('chief', { roles: [], access: ['read', 'admin'] });
  const agentOfKey = await identity.agents.named('default', 'chief');
  const subject = { kind: 'agent', id: agentOfKey?.id ?? '' } as const;
  await identity.roles.create(operator(), { role: 'admin', namespace: EVERYWHERE, subject });
  const text = await chatelaine(chief.key, 'user invite --expires 24h');
  const invitation = /^ {2}([\w-]{43})$/m.exec(text)?.[1];
  const registered = await served.ask(
    'POST',
    '/api/v1/register',
    {},
    {
      ...{ invitation, username: 'guest', email: '', password: 'correct horse battery', name: 'Guest' },
    },
  );
  expect(registered.status).toBe(201);
});
