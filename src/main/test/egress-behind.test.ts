/**
 * Wherever something behind a gateway sends it, it connects to no address that is not public and not allowed (invariant
 * 18): MCP servers by redirects and by the endpoint that they name, token endpoints, and the listener where tokens are
 * exchanged, by redirects.
 */
import type { IncomingMessage, ServerResponse } from 'node:http';
import fc from 'fast-check';
import { expect, onTestFinished, test } from 'vitest';
import type { SecretReader } from '#contract';
import { Secret, systemClock } from '#kernel';
import { serve } from '../../../test/http-server.ts';
import { startIssuer } from '../../../test/issuer.ts';
import { forbiddenUrls, watchOutbound } from '../../../test/outbound.ts';
import { openCallersGateway } from './caller-isolation.gateway.fixture.ts';
import { send } from './credentials-stay.fixture.ts';
import { exchangingGateway } from './exchanging-gateway.fixture.ts';

const ONLY_THIS = { allowedIpRanges: ['127.0.0.1/32'] };

/** Who sends us somewhere. */
const SENDERS = ['server', 'token endpoint', 'exchange', 'endpoint of a stream'] as const;
type Sender = (typeof SENDERS)[number];

const SECRETS: SecretReader = {
  read: () =>
    Promise.resolve({
      material: { kind: 'oauth-client', clientId: 'gate', clientSecret: new Secret('the gate itself'.repeat(2)) },
      version: '1',
      endsAt: undefined,
    }),
};

async function misledGateway() {
  const { tls, documents } = exchangingGateway();
  const issuer = await startIssuer();
  const now: { sender: Sender; status: number; to: string } = { sender: 'server', status: 307, to: '' };
  /** How often each has sent us there. */
  const sent = new Map<Sender, number>();
  const leads = (sender: Sender, response: ServerResponse): boolean => {
    if (now.sender !== sender) return false;
    sent.set(sender, (sent.get(sender) ?? 0) + 1);
    response.writeHead(now.status, { location: now.to }).end();
    return true;
  };
  const token = JSON.stringify({
    ...{ access_token: 'given', token_type: 'Bearer', expires_in: 4 },
    issued_token_type: 'urn:ietf:params:oauth:token-type:access_token',
  });
  const exchanger = await serve((_, response) => void (leads('exchange', response) || response.end(token)), { tls });
  const endpoint = await serve((_, response) => void (leads('token endpoint', response) || response.end(token)));
  const server = await serve((_, response) => void (leads('server', response) || response.writeHead(404).end()));
  const stream = await serve(({ method }: IncomingMessage, response) => {
    if (method !== 'GET') return void response.writeHead(202).end();
    sent.set('endpoint of a stream', (sent.get('endpoint of a stream') ?? 0) + 1);
    response.writeHead(200, { 'content-type': 'text/event-stream' });
    response.end(`event: endpoint\ndata: ${now.to}\n\n`);
  });
  const upstream = { type: 'upstream', upstream: 'company' };
  const exchanged = { type: 'tokenExchange', upstream: 'company', secret: 'secret://default/client' };
  const gateway = await openCallersGateway(
    [
      ...documents(exchanger, issuer),
      { kind: 'mcpServer', name: 'plain', url: `${server.url}/mcp`, auth: upstream, ...ONLY_THIS },
      {
        ...{ kind: 'mcpServer', name: 'exchanged', url: `${server.url}/mcp`, ...ONLY_THIS },
        auth: { ...exchanged, tokenUrl: `${endpoint.url}/token` },
      },
      { kind: 'mcpServer', name: 'stream', url: `${stream.url}/sse`, transport: 'sse', auth: upstream, ...ONLY_THIS },
      {
        ...{ kind: 'policy', name: 'servers' },
        cedar:
          '@id("Callers call servers")\npermit (principal in Role::"user", action in [Action::"read", Action::"execute"], resource) when { resource.origin == "federated" };',
      },
    ],
    { clock: systemClock, secrets: SECRETS },
  );
  onTestFinished(async () => {
    await gateway.close();
    for (const one of [exchanger, endpoint, server, stream, issuer]) await one[Symbol.asyncDispose]();
  });
  return { gateway, issuer, now, sent };
}

const TOOL: Readonly<Record<Sender, string>> = {
  server: 'plain_connect_account',
  'token endpoint': 'exchanged_connect_account',
  exchange: 'plain_connect_account',
  'endpoint of a stream': 'stream_connect_account',
};

test('who sends us to an address that is not public and not allowed sends us nowhere (invariant 18, property) (REG-002) (SUP-004)', async () => {
  const { gateway, issuer, now, sent } = await misledGateway();
  const outbound = watchOutbound();
  onTestFinished(() => outbound.stop());
  // That it is seen where something connects to.
  await fetch('http://127.0.0.2:33999/').catch(() => {});
  expect(outbound.tried.splice(0)).toEqual(['127.0.0.2']);
  let callers = 0;
  await fc.assert(
    fc.asyncProperty(
      fc.constantFrom(...SENDERS),
      fc.constantFrom(301, 302, 303, 307, 308),
      forbiddenUrls,
      async (sender, status, to) => {
        Object.assign(now, { sender, status, to });
        const sub = `caller-${++callers}`;
        const authorization = `Bearer ${await issuer.token({ sub, tsid: sub })}`;
        const before = sent.get(sender) ?? 0;
        const answer = await send(gateway.url, {
          ...{ method: 'POST', path: `/api/tool/${TOOL[sender]}/invoke`, body: '{}' },
          fields: [
            ['Authorization', authorization],
            ['Content-Type', 'application/json'],
          ],
        });
        expect([sender, to, answer.text.includes('is connected')]).toEqual([sender, to, false]);
        expect([sender, to, answer, (sent.get(sender) ?? 0) > before]).toEqual([sender, to, answer, true]);
        expect([sender, to, new Set(outbound.tried)]).toEqual([sender, to, new Set(['127.0.0.1'])]);
      },
    ),
    { numRuns: Number(process.env['CHATELAINE_MODEL_RUNS'] ?? 120) },
  );
}, 240_000);
