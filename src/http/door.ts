/**
 * The API behind a listener of node:http: Fastify finds the route and reads the body, the frame does
 * the rest. Who is calling is established before a byte of the body is kept.
 */
import type { IncomingMessage, ServerResponse } from 'node:http';
import { Readable } from 'node:stream';
import Fastify, { type FastifyInstance, type FastifyReply, type FastifyRequest } from 'fastify';
import type { Api } from './api.ts';
import { httpError } from './errors.ts';
import type { Admitted, Authenticate } from './frame.ts';
import { FORM, type Incoming } from './incoming.ts';
import type { Answer } from './problem.ts';
import type { Route } from './route.ts';
import { API_ROOT } from './router.ts';

export interface DoorOptions {
  readonly maxBodyBytes: number;
}

/** What the listener knows of a request. */
export interface Visit extends Pick<Incoming, 'requestId' | 'address' | 'presented' | 'challenge' | 'recordDenial'> {
  /** What every answer to it carries. Flat: name, value, name, value. */
  readonly headers: readonly string[];
  readonly authenticate: Authenticate;
}

export type ApiHandler = (request: IncomingMessage, response: ServerResponse, visit: Visit) => void | Promise<void>;

/** The handler of everything below `/api/v1`. */
export async function openDoor(api: Api, options: DoorOptions): Promise<ApiHandler> {
  const app = Fastify({
    logger: false,
    bodyLimit: options.maxBodyBytes,
    // Ours: the defaults would answer before the frame could.
    exposeHeadRoutes: true,
    routerOptions: { maxParamLength: 512 },
    frameworkErrors: (error, request, reply) => void send(reply, api.frame.refuse(translated(error), visitOf(request))),
  });
  const visits = new WeakMap<IncomingMessage, Visit>();
  const admissions = new WeakMap<IncomingMessage, Admitted>();
  const visitOf = (request: FastifyRequest): Visit => visits.get(request.raw) as Visit;

  async function send(reply: FastifyReply, answer: Answer): Promise<FastifyReply> {
    const { requestId, headers } = visitOf(reply.request);
    for (let at = 0; at < headers.length; at += 2) void reply.header(headers[at] as string, headers[at + 1]);
    void reply.code(answer.status).headers({
      'x-request-id': requestId,
      'x-content-type-options': 'nosniff',
      'cache-control': 'etag' in answer.headers ? 'private, no-cache' : 'no-store',
      ...answer.headers,
    });
    // What was not read of a refused body is not worth reading: the connection goes with it.
    if (answer.status === 401 || answer.status === 413) void reply.header('connection', 'close');
    if (answer.pieces !== undefined) return await sendPieces(reply, answer.pieces);
    // As bytes: to a text Fastify adds a charset, which JSON does not have (RFC 8259 §11).
    return await reply.send(answer.body === undefined ? undefined : Buffer.from(answer.body));
  }

  readJsonAsBytes(app);
  app.setErrorHandler((error, request, reply) => send(reply, api.frame.refuse(translated(error), visitOf(request))));
  app.setNotFoundHandler((request, reply) => send(reply, api.frame.refuse(notFound(api, request), visitOf(request))));
  const declare = (scope: FastifyInstance, route: Route): void => {
    scope.route({
      method: route.method,
      url: `${API_ROOT}${route.path.replaceAll(/\{([^}]*)\}/g, ':$1')}`,
      async onRequest(request) {
        const visit = visitOf(request);
        admissions.set(request.raw, await api.frame.admit(route, incomingOf(request, visit), visit.authenticate));
      },
      async handler(request, reply) {
        const admitted = admissions.get(request.raw) as Admitted;
        return await send(reply, await api.frame.answer(admitted, bodyOf(route, request)));
      },
    });
  };
  for (const route of api.routes.filter(({ form }) => form !== true)) declare(app, route);
  // In a scope of their own: at every other route a form is refused by its type.
  void app.register(async (scope) => {
    readFormsAsBytes(scope);
    for (const route of api.routes.filter(({ form }) => form === true)) declare(scope, route);
  });
  await app.ready();
  return (request, response, visit) => {
    visits.set(request, visit);
    app.routing(request, response);
  };
}

/** As fast as they are read, and no further than they are wanted. */
async function sendPieces(reply: FastifyReply, pieces: NonNullable<Answer['pieces']>): Promise<FastifyReply> {
  if (reply.request.method !== 'HEAD') return await reply.send(Readable.from(pieces));
  await pieces.return?.();
  return await reply.send();
}

/** Bodies arrive as bytes: the frame reads them strictly. Anything but JSON is refused by its type. */
function readJsonAsBytes(app: FastifyInstance): void {
  app.removeAllContentTypeParsers();
  app.addContentTypeParser('application/json', { parseAs: 'buffer' }, (request, body, done) => {
    const encoding = request.headers['content-encoding'];
    if (encoding === undefined || encoding === 'identity') return done(null, body);
    done(httpError('REQUEST_MEDIA_TYPE_REFUSED', 'the body is encoded; send it unencoded'));
  });
}

function readFormsAsBytes(app: FastifyInstance): void {
  app.addContentTypeParser(FORM, { parseAs: 'buffer' }, (request, body, done) => {
    const encoding = request.headers['content-encoding'];
    if (encoding === undefined || encoding === 'identity') return done(null, body);
    done(httpError('REQUEST_MEDIA_TYPE_REFUSED', 'the body is encoded; send it unencoded'));
  });
}

const bodyOf = (route: Route, { body }: FastifyRequest): Buffer | undefined =>
  route.method !== 'GET' && Buffer.isBuffer(body) ? body : undefined;

function incomingOf(request: FastifyRequest, visit: Visit): Incoming {
  const { requestId, address, presented, challenge, recordDenial } = visit;
  const headers = Object.fromEntries(
    Object.entries(request.headers).map(([name, value]) => [name, Array.isArray(value) ? value.join(', ') : value]),
  );
  const question = (request.raw.url ?? '').indexOf('?');
  return {
    requestId,
    door: 'api',
    headers,
    params: request.params as Record<string, string>,
    query: question === -1 ? '' : (request.raw.url ?? '').slice(question + 1),
    address,
    presented,
    challenge,
    recordDenial,
  };
}

/** Why no route answers: no such path, or not to this method. */
function notFound(api: Api, request: FastifyRequest): unknown {
  try {
    api.router.find(request.method, (request.raw.url ?? '').split('?', 1)[0]?.slice(API_ROOT.length) ?? '');
    return httpError('ROUTE_UNKNOWN', 'nothing answers at this path');
  } catch (error) {
    return error;
  }
}

/** Fastify's own refusals in our words. */
function translated(error: unknown): unknown {
  switch ((error as { code?: unknown }).code) {
    case 'FST_ERR_CTP_BODY_TOO_LARGE':
      return httpError('REQUEST_TOO_LARGE', 'the body is larger than the API accepts');
    case 'FST_ERR_CTP_INVALID_MEDIA_TYPE':
      return httpError('REQUEST_MEDIA_TYPE_REFUSED', 'the body must be `application/json`');
    case 'FST_ERR_BAD_URL':
    case 'FST_ERR_MAX_PARAM_LENGTH':
      return httpError('ROUTE_UNKNOWN', 'nothing answers at this path');
    case 'FST_ERR_CTP_INVALID_CONTENT_LENGTH':
      return httpError('REQUEST_BODY_REFUSED', 'the body has another length than it says');
    default:
      return error;
  }
}
