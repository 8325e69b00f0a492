/** Servers of revision 2024-11-05 behind the gateway: what authorizes requests, and where they may go. */
import { afterEach, describe, expect, it } from 'vitest';
import { NOBODY, type SecretMaterial, type SecretReader } from '#contract';
import { Secret, type JsonObject } from '#kernel';
import { serve, type TestServer } from '../../../test/http-server.ts';
import { serveSseUpstream, type SseUpstream } from '../../../test/sse-upstream.ts';
import type { Era } from '../../../test/mcp-upstream.ts';
import { person, saidIn } from './federated-client.fixture.ts';
import { closeAll, federate, serverDocument, type Federated } from './federation.fixture.ts';

const closings: (() => Promise<unknown>)[] = [];
afterEach(async () => {
  await closeAll();
  for (const close of closings.splice(0)) await close();
});

const TOKEN = ['the', 'bearer', 'of', 'ours'].join('-');
const SECRET = 'transport: sse\nauth: { secret: "secret://default/far" }\n';
const vault = (material: SecretMaterial): SecretReader => ({
  read: () => Promise.resolve({ material, version: '1', endsAt: undefined }),
});
const bearer = vault({ kind: 'bearer', token: new Secret(TOKEN) });

async function upstream(): Promise<SseUpstream> {
  const server = await serveSseUpstream();
  closings.push(server.close);
  return server;
}

async function place(...asked: Parameters<typeof serve>): Promise<TestServer> {
  const server = await serve(...asked);
  closings.push(async () => await server[Symbol.asyncDispose]());
  return server;
}

async function call({ url }: Federated, args: JsonObject, era: Era = 'session') {
  const caller = await person(`${url}/mcp`, era);
  try {
    return await caller.call('far_echo', args);
  } finally {
    await caller.close();
  }
}

const sent = ({ received }: Pick<TestServer, 'received'>) =>
  new Set(received.map(({ method, headers }) => `${method} ${headers.authorization}`));

const standing = async ({ url }: Federated): Promise<unknown> =>
  ((await (await fetch(`${url}/readyz`)).json()) as { sources: JsonObject }).sources['far'];

describe('a server of HTTP with SSE', () => {
  it.each(['session', 'stateless'] as const)(
    'gets the credential of ours with the stream and with every message, from a %s client',
    async (era) => {
      const server = await upstream();
      const federated = await federate([serverDocument('far', server.url, SECRET)], { secrets: bearer });
      expect(saidIn(await call(federated, { text: 'hi' }, era))).toEqual({ text: 'hi' });
      expect(sent(server)).toEqual(new Set([`GET Bearer ${TOKEN}`, `POST Bearer ${TOKEN}`]));
    },
  );

  it('that refuses a token is sent the next one, on the stream and on messages', async () => {
    const server = await upstream();
    let tokens = 0;
    const endpoint = await place((_, response) => {
      response.setHeader('content-type', 'application/json');
      response.end(JSON.stringify({ access_token: `token-${++tokens}`, token_type: 'Bearer', expires_in: 3600 }));
    });
    const more = `transport: sse\nauth: { type: clientCredentials, secret: "secret://default/client", tokenUrl: "${endpoint.url}/token" }\n`;
    const federated = await federate([serverDocument('far', server.url, more)], {
      secrets: vault({ kind: 'oauth-client', clientId: 'ours', clientSecret: new Secret('shh-shh-shh') }),
    });
    expect(saidIn(await call(federated, { text: 'a' }))).toEqual({ text: 'a' });
    expect(sent(server)).toEqual(new Set(['GET Bearer token-1', 'POST Bearer token-1']));
    server.intercept = ({ headers }, response) => {
      if (headers.authorization !== 'Bearer token-1') return false;
      response.writeHead(401).end();
      return true;
    };
    const second = await person(`${federated.url}/mcp`, 'session', { capabilities: {} });
    expect(saidIn(await second.call('far_echo', { text: 'b' }))).toEqual({ text: 'b' });
    expect(saidIn(await call(federated, { text: 'c' }))).toEqual({ text: 'c' });
    await second.close();
    expect(sent(server)).toContain('GET Bearer token-2');
    expect(sent(server)).toContain('POST Bearer token-2');
    expect(tokens).toBe(2);
  });

  it.each([
    ['another origin', (far: TestServer) => `${far.url}/messages`],
    ['another origin without a scheme', (far: TestServer) => `//127.0.0.1:${far.port}/messages`],
    ['a name before the host', (_: TestServer, own: string) => own.replace('//', '//user:word@')],
    ['what is no address', () => 'http://['],
  ])('that wants messages sent to %s is refused, and nothing goes there', async (_, address) => {
    const foreign = await place((__, response) => response.writeHead(202).end());
    const server = await place((request, response) => {
      if (request.method !== 'GET') return void response.writeHead(202).end();
      response.writeHead(200, { 'content-type': 'text/event-stream' });
      response.write(`event: endpoint\ndata: ${address(foreign, `${server.url}/messages`)}\n\n`);
    });
    const federated = await federate([serverDocument('far', `${server.url}/sse`, SECRET)], { secrets: bearer });
    expect(await standing(federated)).toMatchObject({ state: 'unreachable' });
    await expect(federated.servers.introduce(NOBODY)).rejects.toThrow(/another origin, which is not done/);
    expect(foreign.connections()).toBe(0);
    expect(new Set(server.received.map(({ method }) => method))).toEqual(new Set(['GET']));
  });

  it('that leads messages to another origin by a redirect is refused, and nothing goes there', async () => {
    const foreign = await place((_, response) => response.writeHead(202).end());
    const server = await upstream();
    server.intercept = ({ method }, response) => {
      if (method !== 'POST') return false;
      response.writeHead(307, { location: `${foreign.url}/messages` }).end();
      return true;
    };
    const federated = await federate([serverDocument('far', server.url, SECRET)], { secrets: bearer });
    expect(await standing(federated)).toMatchObject({ state: 'unreachable' });
    expect(foreign.connections()).toBe(0);
  });

  it('that never says where messages go holds up those who wait for it, and nobody after them', async () => {
    const server = await upstream();
    const more = 'transport: sse\ntimeout: 1s\n';
    const federated = await federate([serverDocument('far', server.url, more)]);
    server.intercept = ({ method }, response) => {
      if (method !== 'GET') return false;
      response.writeHead(200, { 'content-type': 'text/event-stream' }).flushHeaders();
      return true;
    };
    expect(JSON.stringify(await call(federated, { text: 'a' }))).toContain('TOOL_TIMEOUT');
    server.intercept = undefined;
    expect(saidIn(await call(federated, { text: 'b' }))).toEqual({ text: 'b' });
  });
});
