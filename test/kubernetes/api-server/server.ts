/** The server on loopback: reads a request, meets its fault if there is one, and answers. */
import { randomUUID } from 'node:crypto';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { Answers } from './answers.ts';
import { attributesOf } from './attributes.ts';
import type { Call } from './call.ts';
import type { Caller } from './callers.ts';
import { route } from './call.ts';
import { type Controller, Controllers } from './controllers.ts';
import { discovery } from './discovery.ts';
import { type Fault, Faults, type Request } from './faults.ts';
import type { JsonObject } from './json.ts';
import { isTrue } from './options.ts';
import { Registry } from './registry.ts';
import { type Accepted, contentTypeOf, negotiate, written } from './representation.ts';
import { admitted, senderOf } from './sender.ts';
import { Rights } from './rights.ts';
import { expired, internal, Refusal } from './statuses.ts';
import { seed } from './seeds.ts';
import { Store } from './store.ts';
import { eventsView } from './types/events.ts';
import { Tokens } from './tokens.ts';
import { Watch } from './watches.ts';
import type { Addresses } from './webhook-call.ts';

export interface Options {
  /** How many milliseconds a second of a watch's timeout lasts; fewer for tests that wait for its end. */
  readonly second?: number;
  /** Whether a request without a token is one of nobody, and not of the administrator. Default: it is not. */
  readonly mustSignIn?: boolean;
  /** Where Services of webhooks are. Default: nowhere. */
  readonly services?: Addresses;
  /** What runs beside it (`../controllers/`). Default: nothing. */
  readonly controllers?: readonly Controller[];
}

const plain: Accepted = { form: 'whole', yaml: false };

export class ApiServer implements AsyncDisposable {
  readonly store = new Store([eventsView]);
  readonly registry = new Registry(this.store);
  readonly faults = new Faults();
  /** Every request, in order of arrival. */
  readonly requests: Request[] = [];
  readonly tokens = new Tokens(this.store);
  readonly rights = new Rights(this.store);
  readonly #answers: Answers;
  readonly #wanted: readonly Controller[];
  #controllers: Controllers | undefined;
  readonly #watches = new Set<Watch>();
  readonly #server: Server;
  readonly #second: number;
  readonly #mustSignIn: boolean;

  constructor({ second = 1000, mustSignIn = false, services = () => undefined, controllers = [] }: Options = {}) {
    this.#wanted = controllers;
    this.#answers = new Answers(this.store, this.rights, this.tokens, services);
    this.#second = second;
    this.#mustSignIn = mustSignIn;
    this.#server = createServer((request, response) => {
      this.#receive(request, response).catch((error: unknown) => response.destroy(error as Error));
    });
    seed(this.store);
    this.store.compact();
  }

  async listen(): Promise<void> {
    await new Promise<void>((resolve) => this.#server.listen(0, '127.0.0.1', resolve));
    this.#controllers = new Controllers(this, this.#wanted);
  }

  get controllers(): Controllers {
    if (this.#controllers === undefined) throw new TypeError('the server does not listen yet');
    return this.#controllers;
  }

  get url(): string {
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}`;
  }

  /** Open watches, those of a path only if one is given. */
  watches(path = ''): Watch[] {
    return [...this.#watches].filter((watch) => watch.path.includes(path));
  }

  /** History is gone: older versions answer 410. With `watches` the open ones are told so and end. */
  compact({ watches = false } = {}): void {
    this.store.compact();
    if (!watches) return;
    for (const watch of this.#watches) watch.fail(expired('too old resource version'));
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#controllers?.[Symbol.asyncDispose]();
    for (const watch of this.#watches) watch.end();
    this.#server.closeAllConnections();
    await new Promise((resolve) => this.#server.close(resolve));
  }

  async #receive(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const chunks: Buffer[] = [];
    for await (const chunk of request) chunks.push(chunk as Buffer);
    const { method = 'GET', url = '/' } = request;
    const { pathname, searchParams } = new URL(url, this.url);
    const watch = method === 'GET' && isTrue(searchParams.get('watch') ?? 'no');
    const about = attributesOf(method, pathname, watch);
    const sender = senderOf(request.headers, this.tokens, this.#mustSignIn);
    const { path: _, ...rest } = about;
    const user = sender instanceof Refusal ? '' : (sender.as ?? sender.caller).username;
    const seen: Request = { method, path: url, watch, user, ...rest };
    this.requests.push(seen);
    response.once('close', () => {
      if (response.headersSent) seen.code = response.statusCode;
    });
    const fault = this.faults.take(seen);
    if (fault?.kind === 'hold') await fault.until;
    if (fault?.kind === 'reset-before') {
      response.socket?.resetAndDestroy();
      return;
    }
    const warnings: string[] = [];
    try {
      if (fault?.kind === 'refuse') throw fault.refusal;
      if (sender instanceof Refusal) throw sender;
      const caller = admitted(sender, about, this.rights);
      const body = Buffer.concat(chunks).toString();
      await this.#serve(request, response, { caller, pathname, searchParams, body, warnings, watch }, fault);
    } catch (error) {
      const refusal =
        error instanceof Refusal ? error : internal(error instanceof Error ? error.message : String(error));
      if (fault?.kind === 'refuse' && fault.retryAfterSeconds !== undefined)
        response.setHeader('retry-after', fault.retryAfterSeconds);
      send(response, refusal.code, refusal.status, plain, [...warnings, ...refusal.warnings]);
    }
  }

  async #serve(
    request: IncomingMessage,
    response: ServerResponse,
    given: {
      caller: Caller;
      pathname: string;
      searchParams: URLSearchParams;
      body: string;
      warnings: string[];
      watch: boolean;
    },
    fault: Fault | undefined,
  ): Promise<void> {
    const { pathname, searchParams: query, body, warnings } = given;
    const found = route(pathname);
    const type = found === undefined ? undefined : this.registry.find(found.group, found.version, found.plural);
    const method = request.method ?? 'GET';
    if (found === undefined || type === undefined || (found.namespace !== undefined && !type.namespaced)) {
      discovery(this.registry, pathname, query, response);
      return;
    }
    const accepted = negotiate(request.headers.accept ?? '*/*');
    const call: Call = {
      caller: given.caller,
      uid: randomUUID(),
      allowed: new Set(),
      method,
      path: pathname,
      query,
      headers: request.headers,
      contentType: (request.headers['content-type'] ?? 'application/json').split(';')[0]?.trim() ?? '',
      body,
      type,
      namespace: type.namespaced ? found.namespace : '',
      name: found.name,
      subresource: found.subresource,
      warnings,
    };
    if (given.watch && call.name === '') {
      this.#watch(call, response, accepted, fault);
      return;
    }
    const answer = await this.#answers.of(call, accepted);
    if (fault?.kind === 'reset-after') response.socket?.resetAndDestroy();
    else if (answer === undefined) sendText(response, 404, '404 page not found\n');
    else send(response, answer.code, answer.object, accepted, warnings);
  }

  #watch(call: Call, response: ServerResponse, accepted: Accepted, fault: Fault | undefined): void {
    const watch = new Watch(this.store, call, response, accepted);
    this.#watches.add(watch);
    response.once('close', () => this.#watches.delete(watch));
    if (fault?.kind === 'cut-watch' || fault?.kind === 'expire-watch') {
      const strike = (count: number): void => {
        if (count !== fault.frames) return;
        if (fault.kind === 'expire-watch') watch.fail(expired('too old resource version'));
        else if (fault.abrupt) watch.cut();
        else watch.end();
      };
      watch.onFrame = strike;
      watch.start(this.#second);
      strike(0);
    } else watch.start(this.#second);
  }
}

function send(
  response: ServerResponse,
  code: number,
  object: JsonObject,
  accepted: Accepted,
  warnings: readonly string[],
): void {
  if (warnings.length > 0)
    response.setHeader(
      'warning',
      warnings.map((warning) => `299 - ${JSON.stringify(warning)}`),
    );
  response.writeHead(code, { 'content-type': contentTypeOf(accepted) });
  response.end(written(object, accepted));
}

export function sendText(response: ServerResponse, code: number, body: string): void {
  response.writeHead(code, { 'content-type': 'text/plain; charset=utf-8' });
  response.end(body);
}
