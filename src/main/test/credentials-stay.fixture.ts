/**
 * A gateway that exchanges tokens, with everything that hears of it written down byte by byte: servers behind, the token
 * endpoint of somebody else, the listener where tokens are exchanged, the issuer, the log and the files.
 */
import { readdirSync, readFileSync } from 'node:fs';
import { request as httpRequest } from 'node:http';
import { join } from 'node:path';
import { onTestFinished } from 'vitest';
import type { SecretReader } from '#contract';
import { coverLogText } from '#gateway';
import { createLogger, Secret, systemClock } from '#kernel';
import { serve, type Received } from '../../../test/http-server.ts';
import { startIssuer, type TestIssuer } from '../../../test/issuer.ts';
import { serveUpstream, type Era } from '../../../test/mcp-upstream.ts';
import { openTap, type Tap } from '../../../test/tap.ts';
import { openCallersGateway, type CallersGateway } from './caller-isolation.gateway.fixture.ts';
import { exchangingGateway } from './exchanging-gateway.fixture.ts';

const ACCESS_TOKEN = 'urn:ietf:params:oauth:token-type:access_token';

export const BEHIND = ['alpha', 'beta', 'gamma'] as const;

export interface ListeningGateway {
  readonly gateway: CallersGateway;
  readonly issuer: TestIssuer;
  /** What came to MCP servers. */
  readonly taps: Readonly<Record<(typeof BEHIND)[number], Tap>>;
  /** Requests to the token endpoint of somebody else, and to the listener where tokens are exchanged. */
  readonly tokenEndpoint: readonly Received[];
  readonly exchanges: readonly Received[];
  readonly log: string[];
  /** All files of its state. */
  files(): Buffer;
}

async function tapped(era: Era): Promise<Tap> {
  const server = await serveUpstream(era);
  const tap = await openTap(server.url);
  onTestFinished(async () => {
    tap.close();
    await server.close();
  });
  return tap;
}

export async function openListeningGateway(): Promise<ListeningGateway> {
  const { tls, documents } = exchangingGateway();
  let tokens = 0;
  // So short a life that nothing is kept: there is an exchange for each call.
  const answer = (): string =>
    JSON.stringify({
      ...{ access_token: `given-${++tokens}`, token_type: 'Bearer', expires_in: 4, issued_token_type: ACCESS_TOKEN },
    });
  const exchanger = await serve((_, response) => response.end(answer()), { tls });
  const endpoint = await serve((_, response) => response.end(answer()));
  const issuer = await startIssuer();
  const taps = { alpha: await tapped('session'), beta: await tapped('stateless'), gamma: await tapped('session') };
  const log: string[] = [];
  const destination = { write: (line: string): void => void log.push(line) };
  const gateway = await openCallersGateway(
    [
      ...documents(exchanger, issuer),
      ...Object.entries(taps).map(([name, { url }]) => ({
        ...{ kind: 'mcpServer', name, url, allowPrivateNetworks: true },
        ...(name === 'alpha' && { auth: { type: 'upstream', upstream: 'company' } }),
        ...(name === 'beta' && {
          auth: {
            ...{ type: 'tokenExchange', upstream: 'company' },
            ...{ tokenUrl: `${endpoint.url}/token`, secret: 'secret://default/client' },
          },
        }),
      })),
      {
        ...{ kind: 'policy', name: 'servers' },
        cedar:
          '@id("Callers call servers")\npermit (principal in Role::"user", action in [Action::"read", Action::"execute"], resource) when { resource.origin == "federated" };',
      },
    ],
    {
      ...{ clock: systemClock, secrets: SECRETS },
      log: createLogger({ level: 'trace', format: () => 'json', cover: coverLogText, destination }),
    },
  );
  onTestFinished(async () => {
    await gateway.close();
    for (const one of [exchanger, endpoint, issuer]) await one[Symbol.asyncDispose]();
  });
  return {
    ...{ gateway, issuer, taps, log, tokenEndpoint: endpoint.received, exchanges: exchanger.received },
    files: () => filesIn(gateway.folder),
  };
}

const SECRETS: SecretReader = {
  read: () =>
    Promise.resolve({
      material: { kind: 'oauth-client', clientId: 'gate', clientSecret: new Secret('the gate itself'.repeat(2)) },
      version: '1',
      endsAt: undefined,
    }),
};

/** Every byte of every file below a folder. */
export function filesIn(folder: string): Buffer {
  const files = readdirSync(folder, { recursive: true, withFileTypes: true }).filter((entry) => entry.isFile());
  return Buffer.concat(files.map(({ parentPath, name }) => readFileSync(join(parentPath, name))));
}

export interface Sent {
  readonly method: string;
  readonly path: string;
  /** Names and values in turn; a name may come twice. */
  readonly fields: readonly (readonly [name: string, value: string])[];
  readonly body: string;
}

/** One request, its header fields as they stand; what came back, fields too. */
export function send(url: string, { method, path, fields, body }: Sent): Promise<{ status: number; text: string }> {
  return new Promise((resolve, reject) => {
    const headers = ['host', new URL(url).host, ...fields.flat()];
    if (body !== '') headers.push('content-length', String(Buffer.byteLength(body)));
    const { hostname, port } = new URL(url);
    const request = httpRequest({ hostname, port, method, path, headers, agent: false }, (response) => {
      let text = `${response.rawHeaders.join('\n')}\n\n`;
      response.setEncoding('utf8');
      response.on('data', (chunk: string) => (text += chunk));
      response.on('end', () => resolve({ status: response.statusCode ?? 0, text }));
      response.on('error', reject);
    });
    request.on('error', reject);
    request.end(body);
  });
}
