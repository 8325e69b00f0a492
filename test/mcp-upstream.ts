/** MCP servers of both eras by the official SDKs, that offer everything a gateway has to carry. */
import { AsyncLocalStorage } from 'node:async_hooks';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import { createServer as createTlsServer, type ServerOptions } from 'node:https';
import type { AddressInfo } from 'node:net';
import type { TLSSocket } from 'node:tls';
import { toNodeHandler } from '@modelcontextprotocol/node';
import { Server as SessionServer } from '@modelcontextprotocol/sdk/server/index.js';
import { StreamableHTTPServerTransport } from '@modelcontextprotocol/sdk/server/streamableHttp.js';
import * as session from '@modelcontextprotocol/sdk/types.js';
import { createMcpHandler, ProtocolError, Server as StatelessServer } from '@modelcontextprotocol/server';
import { z } from 'zod';
import { randomToken, type JsonObject } from '#kernel';

export type Era = 'stateless' | 'session';

/** What the tools of the server are made of; tests change it while it runs. */
export interface Offer {
  tools: JsonObject[];
  prompts: JsonObject[];
  resources: JsonObject[];
  /** What each caller is told instead, by `Authorization` of the request. */
  toolsOf?: ((authorization: string | undefined) => JsonObject[]) | undefined;
  /** Looks at every request first; true where it has answered. */
  intercept?: ((request: IncomingMessage, response: ServerResponse) => boolean) | undefined;
  /** Runs a tool in the place of the usual, for whoever sent the request. */
  run?: ((name: string, call: OfferedCall) => Promise<JsonObject>) | undefined;
  secret: string;
  /** Waited for before `log` says anything. */
  gate?: (() => Promise<void>) | undefined;
}

/** A call as a tool of a test sees it. */
export interface OfferedCall {
  readonly args: JsonObject;
  readonly headers: IncomingMessage['headers'];
  readonly progress: (message: string) => Promise<void>;
}

export interface Upstream {
  readonly url: string;
  /** Every HTTP request that came, headers and all. */
  readonly requests: {
    readonly headers: IncomingMessage['headers'];
    readonly method: string | undefined;
    /** Common name of the certificate that the client showed. */
    readonly shown: string | undefined;
  }[];
  readonly offer: Offer;
  /** Labels of `wait` calls that were called off. */
  readonly calledOff: string[];
  /** Sessions, or 0. */
  readonly sessions: () => number;
  /** Tells that a list is another, of the tools unless said. */
  changed(list?: 'tools' | 'prompts' | 'resources'): Promise<void>;
  /** Forgets its sessions and breaks off every connection, as a server does that starts anew where it was. */
  restart(): void;
  touch(uri: string): Promise<void>;
  /** Breaks off every connection, and goes on serving. */
  cut(): void;
  close(): Promise<void>;
}

const META_LOG_LEVEL = 'io.modelcontextprotocol/logLevel';

const object = (properties: JsonObject = {}): JsonObject => ({ type: 'object', properties });

export const schema: JsonObject = {
  $schema: 'https://json-schema.org/draft/2020-12/schema',
  type: 'object',
  properties: {
    text: { $ref: '#/$defs/Text' },
    region: { type: 'string', 'x-mcp-header': 'Region' },
  },
  $defs: { Text: { type: 'string', maxLength: 2000, 'x-note': 'kept' } },
  additionalProperties: false,
};

export const usualTools = (): JsonObject[] => [
  {
    name: 'echo',
    title: 'Echo',
    description: 'Gives back what it is given.',
    inputSchema: schema,
    annotations: { readOnlyHint: true },
    icons: [{ src: 'https://example.com/icon.png' }],
    'x-odd': { kept: [1, null] },
    _meta: { 'com.example/kept': true, 'dev.chatelaine/trust': 'trusted', 'toolbox/authInvoke': ['google'] },
  },
  ...[
    'odd',
    'progress',
    'log',
    'ask',
    'twice',
    'together',
    'page',
    'wait',
    'late',
    'fail',
    'leak',
    'capability',
    'sampled',
  ].map((name) => ({
    name,
    description: `The tool ${name}.`,
    inputSchema: object({ label: { type: 'string' }, kind: { type: 'string' }, steps: { type: 'integer' } }),
  })),
];

const QUESTIONS: Readonly<Record<string, { method: string; params: JsonObject }>> = {
  sampling: {
    method: 'sampling/createMessage',
    params: { messages: [{ role: 'user', content: { type: 'text', text: 'name?' } }], maxTokens: 5 },
  },
  elicitation: {
    method: 'elicitation/create',
    params: {
      mode: 'form',
      message: 'who?',
      requestedSchema: { type: 'object', properties: { who: { type: 'string' } } },
    },
  },
  roots: { method: 'roots/list', params: {} },
};

/** The question of that kind; a label makes it one that is asked of nobody else. */
function asked({ kind, label }: JsonObject): { method: string; params: JsonObject } {
  const question = QUESTIONS[kind as string]!;
  return label === undefined ? question : { ...question, params: { ...question.params, message: label } };
}

const PAGE_PARAMS: JsonObject = {
  ...{ mode: 'url', elicitationId: 'page-1', url: 'https://pages.example/connect' },
  message: 'connect your account',
};
const PAGE: JsonObject = { elicitations: [PAGE_PARAMS] };

/** Of what `log` says; a server says nothing below the level that it was told, and of the stateless era nothing untold. */
const LEVELS = ['debug', 'info', 'error', 'none'];

interface Running {
  readonly args: JsonObject;
  readonly level: () => string | undefined;
  readonly meta: JsonObject;
  readonly signal: AbortSignal;
  readonly notify: (method: string, params: JsonObject) => Promise<void>;
  /** Tells of nobody's request, where the era has a way to. */
  readonly aside: (method: string, params: JsonObject) => Promise<void>;
  /** A server of a session waits for the answer; undefined of the stateless era, which asks in its result. */
  readonly ask: ((question: { method: string; params: JsonObject }) => Promise<JsonObject>) | undefined;
  readonly inputResponses: JsonObject | undefined;
  readonly requestState: unknown;
}

const said = (value: unknown): JsonObject => ({ content: [{ type: 'text', text: JSON.stringify(value) }] });

class Fault extends Error {
  readonly code: number;
  readonly data: JsonObject;
  constructor(code: number, message: string, data: JsonObject) {
    super(message);
    this.code = code;
    this.data = data;
  }
}

async function runTool(
  name: string,
  call: Running,
  own: { offer: Offer; calledOff: string[]; opened: Set<string> },
): Promise<JsonObject> {
  const { args, meta } = call;
  if (own.offer.run !== undefined) {
    const progress = (message: string): Promise<void> =>
      call.notify('notifications/progress', { progressToken: meta['progressToken'] as string, progress: 1, message });
    return await own.offer.run(name, { args, headers: running.getStore()?.headers ?? {}, progress });
  }
  switch (name) {
    case 'echo':
      return said(args);
    case 'odd':
      return {
        content: [{ type: 'text', text: 'odd', 'x-block': 1 }],
        structuredContent: { pi: 2.5000000000000004 },
        'x-member': { deep: [null, { y: 1 }] },
        _meta: { 'com.example/kept': 7 },
      };
    case 'progress':
      for (let step = 1; step <= 20; step++)
        await call.notify('notifications/progress', {
          progressToken: call.meta['progressToken'] as string,
          progress: step,
          total: 20,
          message: `step ${step}`,
        });
      return said('done');
    case 'log':
      await own.offer.gate?.();
      for (const level of LEVELS.slice(0, -1))
        if (LEVELS.indexOf(level) >= LEVELS.indexOf(call.level() ?? 'none'))
          await call.notify('notifications/message', { level, data: { at: level, ...args }, logger: 'upstream' });
      return said('logged');
    case 'ask': {
      const question = asked(args);
      call.signal.addEventListener('abort', () => own.calledOff.push(args['label'] as string));
      if (call.ask !== undefined) return said(await call.ask(question));
      if (call.inputResponses !== undefined) return said([call.inputResponses['q'], call.requestState]);
      return { resultType: 'input_required', inputRequests: { q: question }, requestState: 'sealed-by-upstream' };
    }
    case 'twice': {
      const question = QUESTIONS['elicitation']!;
      if (call.ask !== undefined) return said([await call.ask(question), await call.ask(question)]);
      const state = call.requestState === undefined ? [] : (JSON.parse(call.requestState as string) as unknown[]);
      if (call.inputResponses !== undefined) state.push(call.inputResponses['q']);
      if (state.length === 2) return said(state);
      return { resultType: 'input_required', inputRequests: { q: question }, requestState: JSON.stringify(state) };
    }
    case 'together':
      if (call.ask !== undefined) return said(await Promise.all(Object.values(QUESTIONS).map(call.ask)));
      if (call.inputResponses !== undefined)
        return said(Object.keys(QUESTIONS).map((key) => call.inputResponses?.[key]));
      return { resultType: 'input_required', inputRequests: QUESTIONS };
    case 'page':
      if (call.ask === undefined)
        return call.inputResponses === undefined
          ? {
              resultType: 'input_required',
              inputRequests: { p: { method: 'elicitation/create', params: PAGE_PARAMS } },
            }
          : said('connected');
      if (own.opened.has(args['label'] as string)) return said('connected');
      own.opened.add(args['label'] as string);
      throw new Fault(-32042, 'a page has to be opened', PAGE);
    case 'capability':
      throw new Fault(-32021, 'sampling is needed', { requiredCapabilities: { sampling: {} } });
    case 'wait':
      await call.notify('notifications/progress', { progressToken: call.meta['progressToken'] as string, progress: 1 });
      await new Promise<void>((resolve) => {
        const end = (): void => (own.calledOff.push(args['label'] as string), resolve());
        if (call.signal.aborted) end();
        else call.signal.addEventListener('abort', end, { once: true });
      });
      return said('too late');
    case 'late':
      await call.notify('notifications/progress', { progressToken: call.meta['progressToken'] as string, progress: 1 });
      await new Promise<void>((resolve) => {
        if (call.signal.aborted) resolve();
        else call.signal.addEventListener('abort', () => resolve(), { once: true });
      });
      await call.aside('notifications/message', { level: 'error', data: { of: args['label'] as string } });
      own.calledOff.push(args['label'] as string);
      return said('too late');
    case 'leak':
      return {
        content: [{ type: 'text', text: own.offer.secret }],
        structuredContent: { card: own.offer.secret },
        'x-member': own.offer.secret,
      };
    case 'fail':
      throw new Fault(-32050, 'the seventh column is not there', { column: 7 });
    default:
      return said(`called ${name}`);
  }
}

const PROMPTS: JsonObject[] = [
  { name: 'trip', title: 'Plan', arguments: [{ name: 'city', required: true, 'x-arg': 1 }], 'x-odd': 'kept' },
];
const prompt = (args: JsonObject): JsonObject => ({
  description: 'A trip.',
  messages: [{ role: 'user', content: { type: 'text', text: `Plan ${args['city'] as string}` } }],
  'x-beside': true,
});
const RESOURCES: JsonObject[] = [{ uri: 'test://readme', name: 'readme', mimeType: 'text/plain', 'x-odd': 'kept' }];
const TEMPLATES: JsonObject[] = [{ uriTemplate: 'test://item/{id}', name: 'item' }];
function readUri(uri: string): JsonObject {
  if (uri === 'test://missing') throw new Fault(-32002, 'nothing there', { uri });
  return { contents: [{ uri, mimeType: 'text/plain', text: `at ${uri}`, 'x-odd': 1 }] };
}
const completion = (value: string): JsonObject => ({
  completion: { values: ['Basel', 'Bern', 'Biel'].filter((city) => city.startsWith(value)) },
});

const CAPABILITIES = {
  tools: { listChanged: true },
  prompts: { listChanged: true },
  resources: { listChanged: true, subscribe: true },
  completions: {},
  logging: {},
};
const INFO = { name: 'upstream', version: '1.0.0' };
const INSTRUCTIONS = 'Ask the upstream anything.';

const running = new AsyncLocalStorage<IncomingMessage>();

const listed = ({ tools, toolsOf }: Offer): JsonObject[] =>
  toolsOf?.(running.getStore()?.headers.authorization) ?? tools;

async function listenOn(
  handler: (request: IncomingMessage, response: ServerResponse) => void,
  requests: Upstream['requests'],
  offer: Offer,
  tls: ServerOptions | undefined,
): Promise<{ url: string; cut: () => void; close: () => Promise<void> }> {
  const answer = (request: IncomingMessage, response: ServerResponse): void => {
    const shown = tls && (request.socket as TLSSocket).getPeerCertificate().subject?.CN;
    requests.push({ headers: request.headers, method: request.method, shown: shown as string | undefined });
    if (offer.intercept?.(request, response) === true) return;
    running.run(request, () => handler(request, response));
  };
  const server = tls === undefined ? createServer(answer) : createTlsServer(tls, answer);
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const close = (): Promise<void> =>
    new Promise((resolve) => {
      server.close(() => resolve());
      server.closeAllConnections();
    });
  return {
    url: `${tls === undefined ? 'http' : 'https'}://127.0.0.1:${(server.address() as AddressInfo).port}/mcp`,
    cut: () => server.closeAllConnections(),
    close,
  };
}

export function serveUpstream(era: Era, tls?: ServerOptions): Promise<Upstream> {
  return era === 'stateless' ? serveStateless(tls) : serveSession(tls);
}

async function serveStateless(tls: ServerOptions | undefined): Promise<Upstream> {
  const requests: Upstream['requests'] = [];
  const offer: Offer = { tools: usualTools(), prompts: PROMPTS, resources: RESOURCES, secret: '' };
  const calledOff: string[] = [];
  const opened = new Set<string>();
  const cached = { ttlMs: 0, cacheScope: 'private' as const };
  const handler = createMcpHandler(
    () => {
      const server = new StatelessServer(INFO, { capabilities: CAPABILITIES, instructions: INSTRUCTIONS });
      server.setRequestHandler('tools/list', () => ({ tools: listed(offer), ...cached }) as never);
      server.setRequestHandler('prompts/list', () => ({ prompts: offer.prompts, ...cached }) as never);
      server.setRequestHandler(
        'prompts/get',
        (request) => prompt((request.params.arguments ?? {}) as JsonObject) as never,
      );
      server.setRequestHandler('resources/list', () => ({ resources: offer.resources, ...cached }) as never);
      server.setRequestHandler(
        'resources/templates/list',
        () => ({ resourceTemplates: TEMPLATES, ...cached }) as never,
      );
      server.setRequestHandler('resources/read', (request) => {
        try {
          return { ...readUri(request.params.uri), ...cached } as never;
        } catch (error) {
          const fault = error as Fault;
          throw new ProtocolError(-32602, fault.message, fault.data);
        }
      });
      server.setRequestHandler('completion/complete', (request) => completion(request.params.argument.value) as never);
      server.setRequestHandler('tools/call', async (request, { mcpReq }) => {
        try {
          return (await runTool(
            request.params.name,
            {
              args: (request.params.arguments ?? {}) as JsonObject,
              meta: { ...mcpReq._meta, ...mcpReq.envelope },
              level: () =>
                ({ ...mcpReq._meta, ...mcpReq.envelope } as JsonObject)[META_LOG_LEVEL] as string | undefined,
              signal: mcpReq.signal,
              notify: (method, params) => mcpReq.notify({ method, params }),
              aside: async () => {},
              ask: undefined,
              inputResponses: mcpReq.inputResponses as JsonObject | undefined,
              requestState: mcpReq.requestState(),
            },
            { offer, calledOff, opened },
          )) as never;
        } catch (error) {
          if (error instanceof Fault) throw new ProtocolError(error.code, error.message, error.data);
          throw error;
        }
      });
      return server;
    },
    { legacy: 'reject' },
  );
  const node = toNodeHandler(handler);
  const { url, cut, close } = await listenOn((request, response) => void node(request, response), requests, offer, tls);
  return {
    ...{ url, requests, offer, calledOff, close, cut },
    sessions: () => 0,
    restart: cut,
    changed: async (list = 'tools') => handler.notify[`${list}Changed`](),
    touch: async (uri) => handler.notify.resourceUpdated(uri),
  };
}

async function serveSession(tls: ServerOptions | undefined): Promise<Upstream> {
  const requests: Upstream['requests'] = [];
  const offer: Offer = { tools: usualTools(), prompts: PROMPTS, resources: RESOURCES, secret: '' };
  const calledOff: string[] = [];
  const opened = new Set<string>();
  const open = new Map<
    string,
    { transport: StreamableHTTPServerTransport; server: SessionServer; uris: Set<string> }
  >();
  const anything = z.looseObject({});

  function serverOf(uris: Set<string>): SessionServer {
    const server = new SessionServer(INFO, { capabilities: CAPABILITIES, instructions: INSTRUCTIONS });
    server.setRequestHandler(session.ListToolsRequestSchema, () => ({ tools: listed(offer) }));
    server.setRequestHandler(session.ListPromptsRequestSchema, () => ({ prompts: offer.prompts }));
    server.setRequestHandler(
      session.GetPromptRequestSchema,
      (request) => prompt((request.params.arguments ?? {}) as JsonObject) as never,
    );
    server.setRequestHandler(session.ListResourcesRequestSchema, () => ({ resources: offer.resources }));
    server.setRequestHandler(session.ListResourceTemplatesRequestSchema, () => ({ resourceTemplates: TEMPLATES }));
    server.setRequestHandler(session.ReadResourceRequestSchema, (request) => {
      try {
        return readUri(request.params.uri);
      } catch (error) {
        const fault = error as Fault;
        throw new session.McpError(fault.code, fault.message, fault.data);
      }
    });
    let level = 'debug';
    server.setRequestHandler(session.SetLevelRequestSchema, (request) => ((level = request.params.level), {}));
    server.setRequestHandler(session.SubscribeRequestSchema, (request) => (uris.add(request.params.uri), {}));
    server.setRequestHandler(session.UnsubscribeRequestSchema, (request) => (uris.delete(request.params.uri), {}));
    server.setRequestHandler(
      session.CompleteRequestSchema,
      (request) => completion(request.params.argument.value) as never,
    );
    server.setRequestHandler(session.CallToolRequestSchema, async (request, extra) => {
      try {
        return await runTool(
          request.params.name,
          {
            args: (request.params.arguments ?? {}) as JsonObject,
            meta: (extra._meta ?? {}) as JsonObject,
            level: () => level,
            signal: extra.signal,
            notify: (method, params) => extra.sendNotification({ method, params }),
            aside: (method, params) => server.notification({ method, params }),
            ask: (question) => extra.sendRequest(question, anything) as Promise<JsonObject>,
            inputResponses: undefined,
            requestState: undefined,
          },
          { offer, calledOff, opened },
        );
      } catch (error) {
        if (error instanceof Fault) throw new session.McpError(error.code, error.message, error.data);
        throw error;
      }
    });
    return server;
  }

  const handle = async (request: IncomingMessage, response: ServerResponse): Promise<void> => {
    const id = request.headers['mcp-session-id'];
    const known = typeof id === 'string' ? open.get(id) : undefined;
    if (known !== undefined) return await known.transport.handleRequest(request, response);
    if (id !== undefined) return void response.writeHead(404).end();
    const uris = new Set<string>();
    const server = serverOf(uris);
    const transport: StreamableHTTPServerTransport = new StreamableHTTPServerTransport({
      sessionIdGenerator: () => randomToken(),
      onsessioninitialized: (sessionId) => void open.set(sessionId, { transport, server, uris }),
      onsessionclosed: (sessionId) => void open.delete(sessionId),
    });
    await server.connect(transport);
    await transport.handleRequest(request, response);
  };
  const { url, cut, close } = await listenOn(
    (request, response) => void handle(request, response),
    requests,
    offer,
    tls,
  );
  return {
    ...{ url, requests, offer, calledOff, close, cut },
    sessions: () => open.size,
    restart() {
      open.clear();
      cut();
    },
    async changed(list = 'tools') {
      const method = `notifications/${list}/list_changed`;
      await Promise.all(Array.from(open.values(), ({ server }) => server.notification({ method })));
    },
    async touch(uri) {
      await Promise.all(
        Array.from(open.values(), async ({ server, uris }) => {
          if (uris.has(uri)) await server.sendResourceUpdated({ uri });
        }),
      );
    },
  };
}
