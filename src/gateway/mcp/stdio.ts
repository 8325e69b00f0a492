/**
 * MCP over standard input and output: one message a line, both eras on one channel. The caller is the
 * local user; whoever can start the process is who it is. Standard output carries protocol only.
 */
import { once } from 'node:events';
import type { Readable, Writable } from 'node:stream';
import type { Principal } from '#contract';
import type { JsonObject } from '#kernel';
import type { Group, NamespaceView } from '#toolbox';
import { contextOf } from '../pipeline/caller-face.ts';
import { LOCAL_PEER } from '../pipeline/peer.ts';
import { answer } from './answer.ts';
import type { RequestFacts } from './exchange.ts';
import { continueRounds } from './input-required.ts';
import { encodeError, INVALID_REQUEST, parseMessage, RpcError, type Message, type RequestId } from './json-rpc.ts';
import { LineExchange } from './line-exchange.ts';
import { linesOf } from './lines.ts';
import { mcpMethods } from './methods/index.ts';
import { negotiate } from './methods/lifecycle.ts';
import { toRpcError } from './refusals.ts';
import { ASSUMED_VERSION, eraOf, metaOf } from './revision.ts';
import { Session } from './session.ts';
import { checkMeta, checkVersion } from './stateless-headers.ts';
import type { McpServices } from './services.ts';

export interface StdioOptions {
  readonly input: Readable;
  readonly output: Writable;
  readonly services: McpServices;
  readonly principal: Principal;
  /** The namespace and group of now; a reload changes what comes next. Throws when they are gone. */
  readonly place: () => { readonly view: NamespaceView; readonly group: Group };
  /** The longest line that is read, in bytes. */
  readonly maxLineBytes: number;
  /** How long running requests may take to end, in milliseconds. */
  readonly graceMs: number;
  /** Aborted when the server ends: nothing more is read, and what runs may end. */
  readonly stop?: AbortSignal;
}

type Request = Extract<Message, { kind: 'request' }>;

const SPACE = 0x20;
const RETURN = 0x0d;

/**
 * Serves until the input ends or the server does; resolves when every running request has ended, or the
 * grace is over. Without a client nobody waits for an answer: requests are then cancelled at once.
 */
export async function serveStdio(options: StdioOptions): Promise<void> {
  const { input, output, services, principal } = options;
  const methods = mcpMethods(services);
  const running = new Map<RequestId, LineExchange>();
  const unfinished = new Set<Promise<void>>();
  let session: Session | undefined;
  let count = 0;

  const send = (line: string): boolean => {
    if (output.writable) output.write(`${line}\n`);
    return output.writable;
  };
  const refuse = (id: RequestId | undefined, message: string): void =>
    void send(encodeError(id, new RpcError(INVALID_REQUEST, message)));

  const stopListening = services.changes.listen({
    namespace: principal.namespace,
    group: groupName(options.place().group),
    context: contextOf(principal),
    changed: (list) => session?.notify(`notifications/${list}/list_changed`, {}),
    ended: () => {},
  });

  function receive(line: Buffer | undefined): void {
    if (line === undefined) return refuse(undefined, `the line is longer than ${options.maxLineBytes} bytes`);
    if (line.every((byte) => byte === SPACE || byte === RETURN)) return;
    const read = parseMessage(line);
    if (!read.ok) return void send(encodeError(read.error.id, read.error.error));
    const message = read.value;
    if (message.kind === 'response') return session?.answer(message.id, message.result, message.error);
    if (message.kind === 'notification') return noticed(message);
    // Two answers under one id cannot be told apart on one channel (MCP, Requests).
    if (running.has(message.id)) return refuse(message.id, 'a request with this id is still running');
    const work = respond(message).finally(() => unfinished.delete(work));
    unfinished.add(work);
  }

  function noticed(message: Extract<Message, { kind: 'notification' }>): void {
    if (message.method !== 'notifications/cancelled') return;
    running.get(message.params?.['requestId'] as RequestId)?.cancel('the client cancelled the request');
  }

  async function respond(request: Request): Promise<void> {
    const requestId = `stdio-${++count}`;
    let exchange: LineExchange;
    try {
      exchange = new LineExchange(factsOf(request, requestId), send);
    } catch (error) {
      const where = { requestId, method: request.method, era: 'session' } as const;
      return void send(encodeError(request.id, toRpcError(error, where, services.log)));
    }
    running.set(request.id, exchange);
    const told = await answer(exchange, methods, services);
    running.delete(request.id);
    exchange.finish(told);
  }

  function factsOf({ id, method, params = {} }: Request, requestId: string): RequestFacts {
    const meta = metaOf(params);
    const facts = { requestId, id, method, params, meta, principal, peer: LOCAL_PEER, guard: undefined };
    if (eraOf(params, undefined) === 'stateless') {
      const version = checkMeta(meta);
      checkVersion(version);
      const rounds = continueRounds(services.states, principal, method, params);
      return { ...facts, ...options.place(), revision: { era: 'stateless', version }, session: undefined, rounds };
    }
    if (method === 'initialize') session = openSession(params);
    const revision = { era: 'session', version: session?.version ?? ASSUMED_VERSION } as const;
    return { ...facts, ...options.place(), revision, session, rounds: undefined };
  }

  function openSession(params: JsonObject): Session {
    const { version, capabilities } = negotiate(params);
    session?.end();
    return new Session({
      version,
      capabilities,
      principal,
      namespace: principal.namespace,
      now: services.clock.now(),
      outlet: send,
    });
  }

  options.stop?.addEventListener('abort', () => input.destroy(), { once: true });
  // Whoever reads no more is gone, whatever they still write.
  output.on('error', () => input.destroy());
  for await (const line of linesOf(input, options.maxLineBytes)) {
    receive(line);
    // A client that does not read is not read either: what it is owed would pile up here.
    if (output.writableNeedDrain) await drained(output);
  }
  stopListening();
  if (options.stop?.aborted) await settled(unfinished, options.graceMs);
  session?.end();
  for (const exchange of running.values()) exchange.cancel('the input ended');
  await settled(unfinished, options.graceMs);
}

/** Resolves when there is room again, or nobody to make room for. */
async function drained(output: Writable): Promise<void> {
  const over = new AbortController();
  await Promise.race(['drain', 'close'].map((event) => once(output, event, { signal: over.signal })));
  over.abort();
}

/** Resolves when all work has ended, at the latest after `graceMs`. */
async function settled(work: ReadonlySet<Promise<void>>, graceMs: number): Promise<void> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise((resolve) => (timer = setTimeout(resolve, graceMs)));
  await Promise.race([Promise.allSettled(work), late]);
  clearTimeout(timer);
}

const groupName = (group: Group): string | undefined => (group.name === '' ? undefined : group.name);
