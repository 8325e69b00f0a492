/** Several gateways of one installation: each with its listener, over one PostgreSQL, as replicas behind a balancer are. */
import { randomBytes } from 'node:crypto';
import type { IncomingMessage } from 'node:http';
import { onTestFinished } from 'vitest';
import { unsafeReplicaAddress, type ServerSettings } from '#contract';
import { openDatabase, type Database } from '#db';
import { silentLogger, systemClock, type Clock, type JsonObject } from '#kernel';
import { documentOf, testPlace } from '../../../test/databases.ts';
import { postgresDatabase } from '../../../test/postgres.ts';
import { openSiblings, type SiblingsOptions } from '../http/siblings/index.ts';
import { Voucher, type Witnessed } from '../http/siblings/voucher.ts';
import { listen, type Siblings } from '../index.ts';
import { ALICE, post, startGateway, type RunningGateway } from './gateway.fixture.ts';

export interface Installation {
  readonly database: Database;
  readonly key: Buffer;
}

export interface Replica extends RunningGateway {
  readonly siblings: Siblings;
  /** What became of the requests that it forwarded. */
  readonly forwarded: readonly string[];
  /** Where its siblings reach it. */
  readonly inside: string;
  /** Ends the listener of the inside, and says nothing to anybody: as a host does that loses its network. */
  vanish(): Promise<void>;
}

/** For all tests of a file: what stays of one are no lines, since replicas leave. */
export async function installation(): Promise<Installation & AsyncDisposable> {
  const server = await postgresDatabase();
  const { place } = testPlace(documentOf(server), '', server);
  const database = await openDatabase({ ...place, clock: systemClock });
  return {
    ...{ database, key: randomBytes(32) },
    async [Symbol.asyncDispose]() {
      await database.close();
      await server.drop();
    },
  };
}

export interface PlaceOptions {
  readonly clock?: Clock;
  readonly beatMs?: number;
  readonly listening?: Partial<Parameters<typeof listen>[0]>;
  readonly tls?: SiblingsOptions['tls'];
}

/** A place among the replicas, with a listener for them, for whichever gateway answers there. */
export async function takePlace({ database, key }: Installation, options: PlaceOptions = {}) {
  const { clock = systemClock, beatMs = 60_000, listening = {}, tls = () => ({}) } = options;
  const forwarded: string[] = [];
  let answer: RunningGateway['gateway']['handler'] | undefined;
  const inner = await listen({
    ...{ host: '127.0.0.1', port: 0, requestTimeoutMs: 30_000, handler: (...both) => answer?.(...both) },
    ...listening,
  });
  const inside = `${listening.tls === undefined ? 'http' : 'https'}://127.0.0.1:${inner.port}`;
  const siblings = openSiblings({
    ...{ database, key, clock, beatMs, tls, address: inside, log: silentLogger },
    refuseAddress: (address) => unsafeReplicaAddress(address, {}),
    count: (outcome) => void forwarded.push(outcome),
  });
  onTestFinished(async () => void (await Promise.all([inner.close(100), siblings.close()])));
  return {
    ...{ siblings, forwarded, inside, vanish: () => inner.close(0) },
    async answerBy(handler: RunningGateway['gateway']['handler']) {
      answer = handler;
      await siblings.join();
    },
  };
}

export async function startReplica(
  all: Installation,
  options: PlaceOptions & {
    readonly settings?: Partial<Record<keyof ServerSettings, unknown>>;
    readonly snapshot?: Parameters<typeof startGateway>[1];
    readonly policies?: Parameters<typeof startGateway>[5];
  } = {},
): Promise<Replica> {
  const { settings, snapshot, policies, ...rest } = options;
  const place = await takePlace(all, rest);
  const running = await startGateway(settings, snapshot, [], [], undefined, policies, {}, place.siblings, all.key);
  await place.answerBy(running.gateway.handler);
  let closed: Promise<void> | undefined;
  const close = (): Promise<void> => (closed ??= running.close());
  onTestFinished(close);
  const { siblings, forwarded, inside, vanish } = place;
  return { ...running, siblings, forwarded, inside, vanish, close };
}

/** Opens a session at a replica; gives its id. */
export async function openSession(
  at: { readonly url: string },
  key = ALICE,
  capabilities: JsonObject = {},
): Promise<string> {
  const params = { protocolVersion: '2025-11-25', capabilities, clientInfo: { name: 't', version: '1' } };
  const message = { jsonrpc: '2.0', id: 1, method: 'initialize', params };
  const response = await post(`${at.url}/mcp`, message, { Authorization: `Bearer ${key}` });
  await response.body?.cancel();
  return response.headers.get('mcp-session-id') as string;
}

/** A request of a session, wherever it is sent. */
export const inSession = (
  at: { readonly url: string },
  session: string,
  message: JsonObject,
  headers: Record<string, string> = {},
): Promise<Response> =>
  post(`${at.url}/mcp`, { jsonrpc: '2.0', ...message }, { 'Mcp-Session-Id': session, ...headers });

export const callTool = (id: number | string, name: string, args: JsonObject = {}): JsonObject => ({
  id,
  method: 'tools/call',
  params: { name, arguments: args },
});

/** The header as a replica with that key would write it for such a request. */
export function vouch(
  { key, from = 'AAAAAAAAAAAA', clock = systemClock }: { key: Buffer; from?: string; clock?: Clock },
  to: string,
  request: { method?: string; url?: string; headers: Record<string, string> },
  witnessed: Partial<Witnessed> = {},
): string {
  const seen = { method: 'POST', url: '/mcp', ...request } as unknown as IncomingMessage;
  return new Voucher({ key, self: from, clock }).write(seen, to, {
    ...{ address: '192.0.2.1', listener: 'public' },
    ...witnessed,
  });
}
