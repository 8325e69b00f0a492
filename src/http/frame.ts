/**
 * What every request goes through, whatever its route and its door:
 *
 *   who is calling → path and query → permission where the thing is → body → once per Idempotency-Key
 *   → the route → answer checked against its description → ETag → answer
 *
 * A route cannot leave a step out, because it never sees the request.
 */
import { z } from 'zod';
import type { ChatelaineError, Clock, Logger } from '#kernel';
import {
  EVERYWHERE,
  rolesIn,
  type Action,
  type ActionTarget,
  type AuditEvent,
  type AuditTrail,
  type Principal,
  type Refuse,
  type ResourcePlace,
} from '#contract';
import type { Database } from '#db';
import { checkPrecondition, entityTag, isKnown, preconditionOf, type Precondition } from './conditional.ts';
import { Cursors } from './cursor.ts';
import { httpError } from './errors.ts';
import { Idempotency, parseIdempotencyKey, type Outcome } from './idempotency.ts';
import { FORM, isEmpty, parseBody, parseForm, parseQuery, type Incoming } from './incoming.ts';
import { NOBODY, originOf } from './origin.ts';
import { refusal, type Answer, type Problem } from './problem.ts';
import type { Call, PageOf, PageQuery, Pieces, Route } from './route.ts';
import { streamed } from './streamed.ts';
import { invalid, validate } from './validation.ts';

export interface FrameOptions {
  readonly database: Database;
  readonly trail: AuditTrail;
  readonly refuse: Refuse;
  /** 32 bytes that sign cursors; the same in every process behind one address. Asked for by the first page. */
  readonly cursorKey: () => Promise<Buffer>;
  readonly clock: Clock;
  readonly log: Logger;
}

/**
 * Who is calling; throws why nobody is let in. Both are on record when it ends: the listener knows
 * floods. Asked for by routes that are not public; `besides` is a resource whose tokens count here as those of the
 * API do.
 */
export type Authenticate = (besides?: ResourcePlace) => Principal | Promise<Principal>;

/** A request that may go on to its body: its caller may do what it asks for. */
export interface Admitted {
  readonly route: Route;
  readonly incoming: Incoming;
  readonly principal: Principal;
  readonly params: unknown;
  readonly query: unknown;
  readonly namespaces: readonly string[] | 'all';
}

export class Frame {
  readonly #options: FrameOptions;
  #cursors: Cursors | undefined;
  readonly #idempotency: Idempotency;

  constructor(options: FrameOptions) {
    this.#options = options;
    this.#idempotency = new Idempotency({
      database: options.database,
      clock: options.clock,
      digest: (value) => options.trail.digest(value),
    });
  }

  /** The answer for whatever was thrown on the way. */
  refuse(thrown: unknown, incoming: Pick<Incoming, 'requestId' | 'challenge'>): Answer {
    return refusal(thrown, incoming, this.#options.log);
  }

  /** Everything that can be told without the body. Throws what the answer is to say. */
  async admit(route: Route, incoming: Incoming, authenticate: Authenticate): Promise<Admitted> {
    const principal =
      route.permission === 'public' ? NOBODY : await authenticate(route.takesTokensFor?.(incoming.params));
    const params = route.params === undefined ? {} : validate(route.params, incoming.params, 'path');
    const query = this.#query(route, incoming);
    const namespaces = await this.#permit(route, { incoming, principal, params, query });
    return { route, incoming, principal, params, query, namespaces };
  }

  /** Runs an admitted request. Never throws. */
  async answer(admitted: Admitted, bytes: Buffer | undefined): Promise<Answer> {
    const { route, incoming, principal, params } = admitted;
    try {
      const body = this.#body(route, isForm(admitted) ? parseForm(bytes) : parseBody(bytes));
      const precondition = route.conditional === true ? preconditionOf(incoming.headers) : undefined;
      // Nobody's keys would be everybody's: what is kept for one stranger another would be given.
      const isRepeatable = route.method === 'POST' && route.asks !== true && route.permission !== 'public';
      const idempotencyKey = isRepeatable ? incoming.headers['idempotency-key'] : undefined;
      if (idempotencyKey === undefined) return (await this.#run(admitted, body.checked, precondition)).answer;
      const request = { method: route.method, path: route.path, params, query: admitted.query, body: body.given };
      return await this.#idempotency.once(
        parseIdempotencyKey(idempotencyKey),
        principal,
        request,
        () => this.#run(admitted, body.checked, precondition),
        (kept) => this.#again(admitted, kept),
      );
    } catch (error) {
      return this.refuse(error, incoming);
    }
  }

  #query(route: Route, { query }: Incoming): unknown {
    const given = parseQuery(query);
    if (route.query !== undefined) return validate(route.query, given, 'query');
    const [unknown] = Object.keys(given);
    if (unknown !== undefined) {
      throw invalid([{ in: 'query', name: unknown.slice(0, 80), detail: 'is not known here: the route has no query' }]);
    }
    return {};
  }

  #body(route: Route, given: unknown): { readonly given: unknown; readonly checked: unknown } {
    if (route.body !== undefined) {
      if (given === undefined) throw httpError('REQUEST_BODY_REFUSED', 'the request has no body');
      return { given, checked: validate(route.body, given, 'body') };
    }
    if (!isEmpty(given)) throw invalid([{ in: 'body', pointer: '#', detail: 'is not expected: the route takes none' }]);
    return { given: undefined, checked: undefined };
  }

  /** The namespaces of a listing; otherwise nothing, or the refusal, which is on record. */
  async #permit(
    route: Route,
    request: Pick<Admitted, 'incoming' | 'principal' | 'params' | 'query'>,
  ): Promise<readonly string[] | 'all'> {
    const { permission: action, where } = route;
    const { principal, params, incoming } = request;
    if (action === 'public') return [];
    if (where === 'listed') return await this.#namespacesListed(route, action, request);
    const nowhere = { namespace: EVERYWHERE };
    const target: ActionTarget =
      where === 'everywhere'
        ? nowhere
        : {
            ...((await where.target(params, principal, { address: incoming.address })) ?? nowhere),
            missing: () => where.missing(params),
          };
    const refused = this.#options.refuse(principal, action, target);
    if (refused !== undefined) throw await this.#refused(refused, route, request, target.namespace);
    return [target.namespace];
  }

  async #namespacesListed(
    route: Route,
    action: Action,
    request: Pick<Admitted, 'incoming' | 'principal' | 'query'>,
  ): Promise<readonly string[] | 'all'> {
    const { principal } = request;
    const refusalIn = (namespace: string) => this.#options.refuse(principal, action, { namespace });
    const asked = (request.query as { readonly namespace?: string }).namespace;
    if (refusalIn(EVERYWHERE) === undefined) return asked === undefined ? 'all' : [asked];
    const held = namespacesOf(principal).filter((namespace) => refusalIn(namespace) === undefined);
    const listed = asked === undefined ? held : held.filter((namespace) => namespace === asked);
    // A foreign namespace is as one in which there is nothing. Who may list nothing at all is told so.
    const isForeign = asked !== undefined && rolesIn(principal, asked).length === 0;
    if (listed.length > 0 || (isForeign && held.length > 0)) return listed;
    const namespace = asked ?? principal.namespace;
    const refused = refusalIn(namespace);
    if (refused === undefined) return listed;
    throw await this.#refused(refused, route, request, namespace);
  }

  /** Puts a refusal on record, or in a flood into a count that will be; gives it back. */
  async #refused(
    refused: ChatelaineError,
    { operationId, permission }: Route,
    { incoming, principal }: Pick<Admitted, 'incoming' | 'principal'>,
    namespace: string,
  ): Promise<ChatelaineError> {
    const event: AuditEvent = {
      class: 'authorization',
      type: 'api.refused',
      ...originOf(principal, incoming),
      action: permission,
      object: { kind: 'operation', namespace, name: operationId },
      decision: 'forbid',
      outcome: 'denied',
      error: refused.code,
    };
    const { recordDenial } = incoming;
    await (recordDenial === undefined ? this.#options.trail.append(event) : recordDenial(principal, event));
    return refused;
  }

  /** Runs the route; gives its answer, or that of its refusal. */
  async #run(admitted: Admitted, body: unknown, precondition: Precondition | undefined): Promise<Outcome> {
    const { route, incoming, principal, params, query, namespaces } = admitted;
    try {
      const call: Call = {
        params,
        query,
        body,
        principal,
        origin: originOf(principal, incoming),
        namespaces,
        checkCurrent: (etag) => precondition && checkPrecondition(precondition, etag),
        presented: () => incoming.presented?.(),
      };
      if (route.media !== undefined) return await streamed(route.media, (await route.handle(call)) as Pieces);
      return route.position === undefined
        ? this.#oneThing(admitted, await route.handle(call))
        : await this.#onePage(admitted, call, route.position);
    } catch (error) {
      const answer = this.refuse(error, incoming);
      return { answer, kept: route.reread === undefined ? answer : withoutDetail(answer) };
    }
  }

  /** The answer of a repetition, from what was kept of the first. */
  async #again(admitted: Admitted, kept: Answer): Promise<Answer> {
    const { reread } = admitted.route;
    if (reread === undefined || kept.status >= 400) return kept;
    const { id } = keptId.parse(JSON.parse(kept.body ?? '{}'));
    const { answer } = this.#oneThing(admitted, await reread.read(id));
    return { ...answer, status: kept.status };
  }

  #oneThing({ route, incoming }: Admitted, handled: unknown): Outcome {
    if (route.answer === undefined) {
      const answer = { status: route.status ?? 204, headers: {}, body: undefined };
      return { answer, kept: answer };
    }
    const shown = route.answer.parse(handled);
    const etag = route.version && entityTag(route.version(shown));
    if (etag !== undefined && route.method === 'GET' && isKnown(incoming.headers, etag)) {
      const answer = { status: 304, headers: { etag }, body: undefined };
      return { answer, kept: answer };
    }
    const status = route.made?.(shown) === true ? 201 : (route.status ?? 200);
    const headers = { 'content-type': 'application/json', ...(etag !== undefined && { etag }) };
    const answer = { status, headers, body: JSON.stringify(shown) };
    if (route.reread !== undefined) {
      return { answer, kept: { status, headers: {}, body: JSON.stringify({ id: route.reread.id(shown) }) } };
    }
    if (route.replay === undefined) return { answer, kept: answer };
    return { answer, kept: { ...answer, body: JSON.stringify(route.answer.parse(route.replay(shown))) } };
  }

  async #signer(): Promise<Cursors> {
    return (this.#cursors ??= new Cursors(await this.#options.cursorKey()));
  }

  async #onePage({ route, incoming, query }: Admitted, call: Call, position: z.ZodType): Promise<Outcome> {
    const { cursor, limit, ...filters } = query as PageQuery;
    const of = JSON.stringify([route.operationId, filters]);
    const after = cursor === undefined ? undefined : (await this.#signer()).read(of, cursor, position);
    const page = (await route.handle({ ...call, limit, after } as Call)) as PageOf<unknown, unknown>;
    const next = page.next === undefined ? undefined : (await this.#signer()).write(of, page.next);
    const shown = (route.answer as z.ZodType).parse({ items: page.items, ...(next !== undefined && { next }) });
    const headers = {
      'content-type': 'application/json',
      ...(next !== undefined && { link: `<${nextLink(route.path, incoming.query, next)}>; rel="next"` }),
    };
    const answer = { status: 200, headers, body: JSON.stringify(shown) };
    return { answer, kept: answer };
  }
}

/** At doors where bodies have a type: only those of such routes come as forms. */
const isForm = ({ route, incoming }: Admitted): boolean =>
  route.form === true && incoming.headers['content-type']?.split(';', 1)[0]?.trim().toLowerCase() === FORM;

const keptId = z.object({ id: z.string() });

/** A refusal as it may be kept where it may name a person: its code says enough to a repetition. */
function withoutDetail(answer: Answer): Answer {
  if (answer.body === undefined) return answer;
  const problem = JSON.parse(answer.body) as Problem;
  return { ...answer, body: JSON.stringify({ ...problem, detail: problem.title }) };
}

/** The namespaces that the principal has anything to do with. */
const namespacesOf = (principal: Principal): readonly string[] =>
  [...new Set([principal.namespace, ...(principal.grants ?? []).map(({ namespace }) => namespace)])].filter(
    (namespace) => namespace !== EVERYWHERE,
  );

/** RFC 8288: the same listing, further on. */
function nextLink(path: string, query: string, next: string): string {
  const parameters = new URLSearchParams(query);
  parameters.set('cursor', next);
  return `/api/v1${path}?${parameters.toString()}`;
}
