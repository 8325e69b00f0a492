/**
 * MCP over standard input and output: one message a line, both eras on one channel. The caller is the
 * local user; whoever can start the process is who it is. Standard output carries protocol only.
 */
import type { Readable, Writable } from 'node:stream';
import { createInterface } from 'node:readline';
import type { Principal } from '#contract';
import { parseStrictJson, type JsonObject } from '#kernel';
import type { Group, NamespaceView } from '#toolbox';
import { answer, type Answer } from './answer.ts';
import { clientFace, isLogLevel } from './client-face.ts';
import type { Exchange } from './exchange.ts';
import { encodeWhole } from './http-exchange.ts';
import { continueRounds } from './input-required.ts';
import {
  encodeError,
  encodeNotification,
  INVALID_REQUEST,
  PARSE_ERROR,
  readMessage,
  RpcError,
  type Message,
  type RequestId,
} from './json-rpc.ts';
import { mcpMethods } from './methods/index.ts';
import { negotiate } from './methods/lifecycle.ts';
import { ASSUMED_VERSION, eraOf, META_CLIENT_CAPABILITIES, META_LOG_LEVEL, metaOf } from './revision.ts';
import { Session } from './session.ts';
import { checkMeta, checkVersion } from './stateless-headers.ts';
import type { McpServices } from './services.ts';

export interface StdioOptions {
  readonly input: Readable;
  readonly output: Writable;
  readonly services: McpServices;
  readonly principal: Principal;
  /** The namespace and group of now; a reload changes what comes next. */
  readonly place: () => { readonly view: NamespaceView; readonly group: Group };
}

/** Serves until the input ends; resolves when every running request has ended. */
export async function serveStdio(options: StdioOptions): Promise<void> {
  const { services, principal } = options;
  const methods = mcpMethods(services);
  const running = new Map<RequestId, AbortController>();
  const unfinished = new Set<Promise<void>>();
  let session: Session | undefined;
  let count = 0;

  const send = (line: string): boolean => {
    options.output.write(`${line}\n`);
    return true;
  };

  services.changes.listen({
    namespace: principal.namespace,
    group: groupName(options.place().group),
    changed: (list) => {
      if (session !== undefined) send(encodeNotification(`notifications/${list}/list_changed`, {}));
    },
  });

  function receive(line: string): void {
    const parsed = parseStrictJson(Buffer.from(line));
    if (!parsed.ok)
      return void send(
        encodeError(
          undefined,
          new RpcError(PARSE_ERROR, `the line is not JSON that can be read one way only: ${parsed.error}`),
        ),
      );
    const read = readMessage(parsed.value);
    if (!read.ok) return void send(encodeError(read.error.id, new RpcError(INVALID_REQUEST, read.error.message)));
    const message = read.value;
    if (message.kind === 'response') return session?.answer(message.id, message.result, message.error);
    if (message.kind === 'notification') return noticed(message);
    const work = request(message).finally(() => unfinished.delete(work));
    unfinished.add(work);
  }

  function noticed(message: Extract<Message, { kind: 'notification' }>): void {
    if (message.method !== 'notifications/cancelled') return;
    running.get(message.params?.['requestId'] as RequestId)?.abort(new Error('the client cancelled the request'));
  }

  async function request(message: Extract<Message, { kind: 'request' }>): Promise<void> {
    const controller = new AbortController();
    running.set(message.id, controller);
    const told = await outcome(message, controller.signal);
    running.delete(message.id);
    // A subscription that the client ended gets its closing answer; nothing else that was cancelled does.
    if (!controller.signal.aborted || message.method === 'subscriptions/listen') send(encodeWhole(message.id, told));
  }

  async function outcome(message: Extract<Message, { kind: 'request' }>, signal: AbortSignal): Promise<Answer> {
    try {
      return await answer(exchangeFor(message, signal), methods, services);
    } catch (error) {
      if (error instanceof RpcError) return { error };
      throw error;
    }
  }

  function exchangeFor(message: Extract<Message, { kind: 'request' }>, signal: AbortSignal): Exchange {
    const params = message.params ?? {};
    const meta = metaOf(params);
    const era = eraOf(params, undefined);
    if (era === 'session' && message.method === 'initialize') session = openSession(params);
    const common = {
      requestId: `stdio-${++count}`,
      id: message.id,
      method: message.method,
      params,
      meta,
      principal,
      ...options.place(),
      signal,
      notify: (method: string, notification: JsonObject) =>
        !signal.aborted && send(encodeNotification(method, notification)),
    };
    if (era === 'stateless') {
      const version = checkMeta(meta);
      checkVersion(version);
      const rounds = continueRounds(services.states, principal, message.method, params);
      const level = meta[META_LOG_LEVEL];
      return {
        ...common,
        session: undefined,
        revision: { era, version },
        client: clientFace({
          capabilities: meta[META_CLIENT_CAPABILITIES] as JsonObject,
          progressToken: meta['progressToken'],
          logLevel: () => (isLogLevel(level) ? level : undefined),
          notify: common.notify,
          state: rounds.state,
          ask: (inputs, state) => rounds.ask(inputs, state),
        }),
      };
    }
    const current = session;
    return {
      ...common,
      session: current,
      revision: { era, version: current?.version ?? ASSUMED_VERSION },
      client: clientFace({
        capabilities: current?.capabilities ?? {},
        progressToken: meta['progressToken'],
        logLevel: () => current?.logLevel ?? 'info',
        notify: common.notify,
        state: undefined,
        ask: async (inputs) => {
          const asked = Object.entries(inputs).map(async ([key, input]) => [
            key,
            await (current as Session).ask(input, send, signal),
          ]);
          return Object.fromEntries(await Promise.all(asked)) as Record<string, JsonObject>;
        },
      }),
    };
  }

  function openSession(params: JsonObject): Session {
    session?.end();
    const { version, capabilities } = negotiate(params);
    return new Session({
      version,
      capabilities,
      principal,
      namespace: principal.namespace,
      now: services.clock.now(),
      outlet: send,
    });
  }

  for await (const line of createInterface({ input: options.input, crlfDelay: Infinity }))
    if (line.trim() !== '') receive(line);
  session?.end();
  for (const controller of running.values()) controller.abort(new Error('the input ended'));
  await Promise.allSettled(unfinished);
}

const groupName = (group: Group): string | undefined => (group.name === '' ? undefined : group.name);
