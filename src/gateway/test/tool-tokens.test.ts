/** Tokens in headers of their own (MCP Toolbox's native mode): authorized invocations and authenticated parameters. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { AUDIENCE, startIssuer, type TestIssuer } from '../../../test/issuer.ts';
import { authServicesOf, call, challengeOf, KEY, openDoors, SCOPED_KEY, type Doors } from './token-doors.fixture.ts';

let issuer: TestIssuer;
let other: TestIssuer;
let doors: Doors;

const service = (name: string, of: TestIssuer, fields = ''): string => `
kind: authService
name: ${name}
type: generic
audience: ${AUDIENCE}
authorizationServer: ${of.url}
${fields}
`;

beforeAll(async () => {
  issuer = await startIssuer();
  other = await startIssuer();
  const services = authServicesOf([service('mine', issuer), service('other', other)].join('---'));
  doors = await openDoors({ services: () => services });
});
afterAll(async () => {
  await doors[Symbol.asyncDispose]();
  await issuer[Symbol.asyncDispose]();
  await other[Symbol.asyncDispose]();
});

const at = (name: string, headers: Record<string, string>, token: string | undefined = KEY): Promise<Response> =>
  call(`${doors.url}/mcp`, token, name, headers);

describe('a tool with `authRequired`', () => {
  it.each(['mine', 'other'])('runs with a token of any one of its services: %s', async (name) => {
    const token = await (name === 'mine' ? issuer : other).token();
    const response = await at('guarded', { [`${name}_token`]: token });
    expect(await response.json()).toMatchObject({ result: { content: [{ text: '"guarded"' }] } });
  });

  it('names on record on whose behalf it ran, beside who called', async () => {
    await at('guarded', { mine_token: await issuer.token({ sub: 'person' }) });
    expect(doors.trail.events.at(-1)).toMatchObject({
      actor: { kind: 'agent', sub: 'agent' },
      delegation: [{ iss: issuer.url, sub: 'person' }],
    });
  });

  const refused: [what: string, header: () => Promise<Record<string, string>>][] = [
    ['no token', async () => ({})],
    ['a token with `Bearer` before it', async () => ({ mine_token: `Bearer ${await issuer.token()}` })],
    ['two tokens in one header', async () => ({ mine_token: `${await issuer.token()}, ${await issuer.token()}` })],
    ['a token of another issuer', async () => ({ mine_token: await other.token() })],
    ['a token that says it is of another issuer', async () => ({ mine_token: await issuer.token({ iss: other.url }) })],
    ['a token without an issuer', async () => ({ mine_token: await issuer.token({ iss: undefined }) })],
    ['a token for somebody else', async () => ({ mine_token: await issuer.token({ aud: 'x' }) })],
    ['a token without an end', async () => ({ mine_token: await issuer.token({ exp: undefined }) })],
    ['a token that has ended', async () => ({ mine_token: await issuer.token({ exp: 1 }) })],
    ['an opaque token', async () => ({ mine_token: 'opaque' })],
    ['the token in the header of a service that is not there', async () => ({ nobody_token: await issuer.token() })],
  ];
  it.each(refused)('answers 401 with a challenge at both doors to %s', async (_, header) => {
    const headers = await header();
    const overMcp = await at('guarded', headers);
    const overRest = await fetch(`${doors.url}/api/tool/guarded/invoke`, {
      method: 'POST',
      headers: { Authorization: `Bearer ${KEY}`, 'Content-Type': 'application/json', ...headers },
      body: '{}',
    });
    expect([overMcp.status, overRest.status]).toEqual([401, 401]);
    expect(await overRest.json()).toMatchObject({ code: 'TOOL_TOKEN_REQUIRED' });
    for (const response of [overMcp, overRest]) {
      expect(challengeOf(response)['error_description']).toMatch(/mine_token/);
    }
  });

  it('does not run for somebody who is cut off here, whatever their provider still vouches for', async () => {
    let disabled = false;
    const services = authServicesOf(service('mine', issuer));
    await using opened = await openDoors({
      services: () => services,
      people: { ofSubject: async () => (disabled ? 'disabled' : 'unknown') },
    });
    const headers = { mine_token: await issuer.token() };
    expect((await call(`${opened.url}/mcp`, KEY, 'guarded', headers)).status).toBe(200);
    disabled = true;
    expect((await call(`${opened.url}/mcp`, KEY, 'guarded', headers)).status).toBe(401);
  });

  it('does not let in whoever has such a token and no credential', async () => {
    const response = await call(`${doors.url}/mcp`, undefined, 'guarded', { mine_token: await issuer.token() });
    expect(response.status).toBe(401);
    // Nor is it one: a service in native mode vouches for nobody at the door.
    expect((await at('open', {}, await issuer.token())).status).toBe(401);
  });

  it('answers 503 when the only token cannot be verified now', async () => {
    await using away = await startIssuer();
    const services = authServicesOf(service('mine', away));
    await using opened = await openDoors({ services: () => services });
    away.trouble.set('/keys', (_, response) => response.writeHead(500).end());
    const response = await call(`${opened.url}/mcp`, KEY, 'guarded', { mine_token: await away.token() });
    expect([response.status, response.headers.get('retry-after')]).toEqual([503, '1']);
  });
});

describe('a parameter with `authServices`', () => {
  it('has the claim of the first listed service that has a token, and nothing of the body', async () => {
    const both = {
      mine_token: await issuer.token({ sub: 'mine-sub' }),
      other_token: await other.token({ sub: 'other-sub' }),
    };
    const response = await fetch(`${doors.url}/api/tool/whoami/invoke`, {
      method: 'POST',
      headers: { Authorization: `Bearer ${KEY}`, 'Content-Type': 'application/json', ...both },
      body: '{"who":"root"}',
    });
    expect(await response.json()).toEqual({ result: '"mine-sub"' });
    const second = await at('whoami', { other_token: both.other_token });
    expect(await second.json()).toMatchObject({ result: { content: [{ text: '"other-sub"' }] } });
  });

  it('answers 401 without a token', async () => {
    expect((await at('whoami', {})).status).toBe(401);
  });
});

describe('scopes', () => {
  it('count of the credential alone, never of a token in a header of its own', async () => {
    const headers = { mine_token: await issuer.token({ scope: 'read write' }) };
    expect((await at('write', headers)).status).toBe(403);
    expect((await at('write', headers, SCOPED_KEY)).status).toBe(200);
  });
});

describe('a token behind `Bearer`', () => {
  it('satisfies what wants a token of the service that accepted it, and of no other', async () => {
    const services = authServicesOf(
      [service('mine', issuer, 'mcpEnabled: true'), service('third', other, 'mcpEnabled: true')].join('---'),
    );
    await using opened = await openDoors({ services: () => services });
    const [mine, third] = [await issuer.token({ sub: 'anna' }), await other.token()];
    const who = await call(`${opened.url}/mcp`, mine, 'whoami');
    expect(await who.json()).toMatchObject({ result: { content: [{ text: '"anna"' }] } });
    expect((await call(`${opened.url}/mcp`, mine, 'guarded')).status).toBe(200);
    expect((await call(`${opened.url}/mcp`, third, 'guarded')).status).toBe(401);
  });
});
