/** A gateway with an agent listener on a real socket, files that can be replaced, and clients with certificates. */
import { mkdtempSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { Agent, request as httpsRequest } from 'node:https';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { AgentsBySpiffeId, Principal } from '#contract';
import { err, ok, silentLogger, type Clock } from '#kernel';
import { openClientTls, openServerTls, type ClientTls } from '#tls';
import { testAuthority, type TestCertificate } from '../../../test/certificates.ts';
import { AgentCertificates, listen, type Gateway } from '../index.ts';
import { startGateway, type RunningGateway } from './gateway.fixture.ts';

export const AGENT = 'spiffe://td.test/agent/alice';
export const DISABLED = 'spiffe://td.test/agent/retired';
export const UNREADABLE_AGENT = 'spiffe://td.test/agent/unreadable';

/** Alice of the other fixture, by certificate. */
const agents: AgentsBySpiffeId = {
  verify({ spiffeId, serial }) {
    if (spiffeId === DISABLED) return err({ reason: 'disabled' });
    if (spiffeId === UNREADABLE_AGENT) return Promise.resolve(err({ reason: 'unavailable' }));
    if (spiffeId !== AGENT) return err({ reason: 'unknown' });
    return ok({
      kind: 'agent',
      iss: 'chatelaine',
      sub: 'alice',
      name: 'alice',
      namespace: 'default',
      roles: ['user'],
      access: new Set<'read' | 'execute'>(['read', 'execute']),
      groups: [],
      scopes: new Set<string>(),
      via: { method: 'certificate', spiffeId, serial },
    } satisfies Principal);
  },
};

export interface AgentDoor {
  readonly port: number;
  readonly running: RunningGateway;
  readonly tls: ClientTls;
  readonly server: TestCertificate;
  readonly serverCa: string;
  readonly refusals: readonly string[];
  /** Replaces a file as a whole, and waits until the listener has looked. */
  replace(name: 'bundle' | 'crl' | 'cert' | 'key', text: string): Promise<void>;
  look(): Promise<void>;
  close(): Promise<void>;
}

export async function startAgentDoor(options: {
  bundle: string;
  crl?: string;
  clock: Clock;
  /** In the place of that of the other fixture. */
  gateway?: Gateway;
}): Promise<AgentDoor> {
  const folder = mkdtempSync(join(tmpdir(), 'chatelaine-tls-'));
  const serverCa = testAuthority('Server CA');
  const server = serverCa.issue(['localhost', '127.0.0.1']);
  const file = (name: string): string => join(folder, `${name}.pem`);
  const write = (name: string, text: string): void => {
    writeFileSync(`${file(name)}.new`, text);
    renameSync(`${file(name)}.new`, file(name));
  };
  write('cert', server.cert);
  write('key', server.key);
  write('bundle', options.bundle);
  if (options.crl !== undefined) write('crl', options.crl);
  const { clock } = options;
  const own = await openServerTls({
    ...{ certificate: file('cert'), key: file('key'), field: 'agentListener' },
    ...{ clock, log: silentLogger },
  });
  const tls = await openClientTls({
    ...{ own, clientCa: file('bundle'), trustDomain: 'td.test', field: 'agentListener', clock, log: silentLogger },
    ...(options.crl !== undefined && { crl: file('crl') }),
  });
  const running = await startGateway();
  const refusals: string[] = [];
  const listener = await listen({
    ...{ host: '127.0.0.1', port: 0, requestTimeoutMs: 30_000, tls },
    handler: (options.gateway ?? running.gateway).agentHandler(new AgentCertificates(tls.clients, agents)),
    handshakeFailed: (reason) => refusals.push(reason),
  });
  return {
    port: listener.port,
    running,
    tls,
    server,
    serverCa: serverCa.cert,
    refusals,
    async replace(name, text) {
      write(name, text);
      await tls.look();
    },
    look: tls.look,
    async close() {
      tls.close();
      running.gateway.drain();
      await Promise.all([listener.close(100), running.close()]);
      rmSync(folder, { recursive: true });
    },
  };
}

export interface Answer {
  readonly status: number;
  readonly body: string;
  readonly headers: NodeJS.Dict<string | string[]>;
}

export interface ClientOptions {
  readonly certificate?: { readonly cert: string; readonly key: string } | undefined;
  readonly headers?: Readonly<Record<string, string>>;
  readonly agent?: Agent;
  readonly maxVersion?: 'TLSv1.2';
  readonly path?: string;
  /** In the place of `echo`. */
  readonly tool?: string;
}

/** An agent that keeps its connection; close it by `destroy`. */
export const keepingAgent = (door: AgentDoor, certificate: TestCertificate): Agent =>
  new Agent({
    keepAlive: true,
    maxSockets: 1,
    ca: door.serverCa,
    cert: certificate.cert,
    key: certificate.key,
    servername: 'localhost',
  });

/** One call of the tool `echo`, or a GET of `path`; rejects when the connection is refused. */
export function call(door: AgentDoor, options: ClientOptions = {}): Promise<Answer> {
  const { certificate, headers = {}, path, tool = 'echo' } = options;
  const body = '{"text":"hello"}';
  return new Promise((resolve, reject) => {
    const request = httpsRequest(
      {
        ...{ host: '127.0.0.1', port: door.port, servername: 'localhost', ca: door.serverCa },
        ...(certificate && { cert: certificate.cert, key: certificate.key }),
        ...(options.maxVersion && { maxVersion: options.maxVersion }),
        agent: options.agent ?? false,
        method: path === undefined ? 'POST' : 'GET',
        path: path ?? `/api/tool/${tool}/invoke`,
        headers: { 'Content-Type': 'application/json', ...headers },
      },
      (response) => {
        let text = '';
        response.setEncoding('utf8');
        response.on('data', (chunk: string) => (text += chunk));
        response.on('end', () =>
          resolve({ status: response.statusCode as number, body: text, headers: response.headers }),
        );
        response.on('error', reject);
      },
    );
    request.on('error', reject);
    request.end(path === undefined ? body : undefined);
  });
}
