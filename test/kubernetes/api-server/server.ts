/** The server on loopback: reads a request, meets its fault if there is one, and answers. */
import { randomUUID } from 'node:crypto';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { type Attributes, attributesOf, notAllowed } from './attributes.ts';
import type { Call } from './call.ts';
import { type Caller, callerOf, impersonated, isMaster } from './callers.ts';
import { route } from './call.ts';
import { type Controller, Controllers } from './controllers.ts';
import { Deletes } from './deletes.ts';
import { checkEscalation } from './escalation.ts';
import { discovery } from './discovery.ts';
import { type Fault, Faults, type Request } from './faults.ts';
import { type ApiObject, clone, type JsonObject } from './json.ts';
import { afterUpdate } from './managed-fields.ts';
import { checkVersion, list } from './lists.ts';
import { isTrue } from './options.ts';
import { Registry } from './registry.ts';
import { type Accepted, asForm, contentTypeOf, listAs, negotiate, written } from './representation.ts';
import { resourceKey } from './resource-type.ts';
import { Reviews } from './reviews.ts';
import { Rights } from './rights.ts';
import { scaleOf } from './scale.ts';
import { badRequest, expired, internal, methodNotAllowed, notFound, Refusal } from './statuses.ts';
import { seed } from './seeds.ts';
import { Store } from './store.ts';
import { Tokens } from './tokens.ts';
import { definitionType, establishedStatus } from './types/definitions.ts';
import { Watch } from './watches.ts';
import { now } from './lifecycle.ts';
import type { Addresses } from './webhook-call.ts';
import { Unasked, Webhooks } from './webhooks.ts';
import { Writes } from './writes.ts';

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

interface Answer {
  readonly code: number;
  readonly object: JsonObject;
}

const plain: Accepted = { form: 'whole', yaml: false };

export class ApiServer implements AsyncDisposable {
  readonly store = new Store();
  readonly registry = new Registry(this.store);
  readonly faults = new Faults();
  /** Every request, in order of arrival. */
  readonly requests: Request[] = [];
  readonly tokens = new Tokens(this.store);
  readonly rights = new Rights(this.store);
  readonly #reviews = new Reviews(this.store, this.rights, this.tokens);
  readonly #webhooks: Webhooks;
  readonly #wanted: readonly Controller[];
  #controllers: Controllers | undefined;
  readonly #writes = new Writes(this.store, (call, object, old) => {
    checkEscalation(this.rights, call.caller, call.type, object, old);
    this.#webhooks.check(call, { operation: old === undefined ? 'CREATE' : 'UPDATE', object, old });
  });
  readonly #deletes = new Deletes(this.store, (call, old) =>
    this.#webhooks.check(call, { operation: 'DELETE', object: undefined, old }),
  );
  readonly #watches = new Set<Watch>();
  readonly #server: Server;
  readonly #second: number;
  readonly #mustSignIn: boolean;

  constructor({ second = 1000, mustSignIn = false, services = () => undefined, controllers = [] }: Options = {}) {
    this.#wanted = controllers;
    this.#webhooks = new Webhooks(this.store, services);
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
    const sender = this.#senderOf(request);
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
      const caller = this.#admitted(sender, about);
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

  #senderOf({ headers }: IncomingMessage): { caller: Caller; as: Caller | undefined } | Refusal {
    try {
      return { caller: callerOf(headers, this.tokens, this.#mustSignIn), as: impersonated(headers) };
    } catch (error) {
      if (error instanceof Refusal) return error;
      throw error;
    }
  }

  /** The caller, or in whose place they ask, if they have the right to what they ask. */
  #admitted({ caller, as }: { caller: Caller; as: Caller | undefined }, about: Attributes): Caller {
    if (as !== undefined && !isMaster(caller))
      throw notAllowed(caller.username, { ...about, verb: `impersonate-on:user-info:${about.verb}` });
    const one = as ?? caller;
    if (this.rights.allowing(one, about) === undefined) throw notAllowed(one.username, about);
    return one;
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
    const answer = await this.#answerOnceAsked(call, accepted);
    if (fault?.kind === 'reset-after') response.socket?.resetAndDestroy();
    else if (answer === undefined) sendText(response, 404, '404 page not found\n');
    else send(response, answer.code, answer.object, accepted, warnings);
  }

  /** Begins anew whenever webhooks had to be asked: what they were shown may have changed meanwhile. */
  async #answerOnceAsked(call: Call, accepted: Accepted): Promise<Answer | undefined> {
    for (;;) {
      const said = call.warnings.length;
      try {
        return this.#answer(call, accepted);
      } catch (error) {
        if (!(error instanceof Unasked)) throw error;
        call.warnings.length = said;
        await this.#webhooks.ask(call, error.question);
      }
    }
  }

  #answer(call: Call, { form }: Accepted): Answer | undefined {
    const { type, method, name, namespace } = call;
    const across = type.namespaced && namespace === undefined;
    if (across && (method !== 'GET' || name !== '')) return undefined;
    switch (method) {
      case 'GET':
        if (name === '') return { code: 200, object: listAs(list(this.store, call), type, form) };
        return { code: 200, object: asForm(this.#get(call), type, form) };
      case 'POST':
        if (type.review) return this.#reviews.answer(call, call.caller);
        if (type.plural === 'serviceaccounts' && call.subresource === 'token') return this.#reviews.token(call);
        return this.#settled(call, this.#writes.create(call));
      case 'PUT':
        return this.#settled(call, this.#writes.update(call));
      case 'PATCH':
        return this.#settled(call, this.#writes.patch(call));
      case 'DELETE': {
        if (name !== '') return this.#deletes.delete(call);
        const listed = list(this.store, call);
        this.#deletes.deleteAll(call, listed.items);
        return { code: 200, object: listAs(listed, type, form) };
      }
      default:
        throw methodNotAllowed(type, method.toLowerCase());
    }
  }

  #get({ type, namespace = '', name, subresource, query }: Call): JsonObject {
    const object = this.store.get(resourceKey(type), namespace, name);
    const version = query.get('resourceVersion') ?? '';
    if (version !== '' && version !== '0')
      checkVersion(this.store, version, (why) => badRequest(`invalid resource version: ${why}`));
    const known =
      subresource === '' || (subresource === 'status' && type.status) || (subresource === 'scale' && type.scale);
    if (object === undefined || !known) throw notFound(type, name);
    return subresource === 'scale' ? scaleOf(object, type.scalePaths) : object;
  }

  /** A definition is served once it is stored; its status says so in a second write, after the answer. */
  #settled({ type, subresource, query }: Call, answer: { code: number; object: JsonObject }): typeof answer {
    if (type !== definitionType || subresource !== '' || answer.code !== 201 || query.has('dryRun')) return answer;
    const live = answer.object as ApiObject;
    const time = now();
    const next = { ...clone(live), status: establishedStatus(live, time) };
    const writer = { manager: 'kube-apiserver', operation: 'Update', apiVersion: live.apiVersion } as const;
    const rest = { subresource: 'status', time, force: false };
    this.store.put(resourceKey(type), afterUpdate(live, next, type.schema, { ...writer, ...rest }));
    return answer;
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
