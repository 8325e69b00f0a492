import { z } from 'zod';
import type { Action } from '#contract';
import { errorCatalogues } from '#kernel';
import { route as defineRoute, type Route } from './route.ts';
import { API_ROOT } from './router.ts';

type Json = Record<string, unknown>;

/**
 * What the listener answers before the frame, with its status: its catalogue is the gateway's, which
 * this module does not know, and which a command on a data directory does not load.
 */
export const AT_THE_DOOR: Readonly<Record<string, number>> = {
  UNAUTHENTICATED: 401,
  CREDENTIAL_REPEATED: 400,
  CREDENTIAL_UNVERIFIABLE: 503,
  SHUTTING_DOWN: 503,
};
/** What the frame may answer to any request that is not public. */
const ALWAYS = [...Object.keys(AT_THE_DOOR), 'FORBIDDEN', 'AUDIT_UNAVAILABLE', 'API_FAULT'];
const CONDITIONAL = ['PRECONDITION_REQUIRED', 'PRECONDITION_FAILED'];
const WITH_BODY = ['REQUEST_INVALID', 'REQUEST_BODY_REFUSED', 'REQUEST_TOO_LARGE', 'REQUEST_MEDIA_TYPE_REFUSED'];
const REPEATABLE = [
  'IDEMPOTENCY_KEY_REFUSED',
  'IDEMPOTENCY_KEY_REUSED',
  'IDEMPOTENCY_IN_FLIGHT',
  'IDEMPOTENCY_OUTCOME_UNKNOWN',
];

/** What the description says of routes beyond what they say of themselves. */
export interface Described {
  readonly version: string;
  /** Whether the action takes a recent proof of a person: a port to the table of permissions. */
  takesRecentProof(action: Action): boolean;
}

const takesProof = ({ permission }: Route, { takesRecentProof }: Described): boolean =>
  permission !== 'public' && takesRecentProof(permission);

/** Every code that a route may answer with, its own first. */
function errorCodesOf(route: Route, described: Described): readonly string[] {
  return [
    ...(route.errors ?? []),
    ...(takesProof(route, described) ? ['STEP_UP_REQUIRED'] : []),
    ...(route.permission === 'public' ? ['API_FAULT'] : ALWAYS),
    ...(route.params !== undefined || route.query !== undefined ? ['REQUEST_INVALID'] : []),
    ...(route.method === 'POST' || route.body !== undefined ? WITH_BODY : []),
    ...(route.method === 'POST' && route.asks !== true ? REPEATABLE : []),
    ...(route.conditional === true ? CONDITIONAL : []),
    ...(route.position === undefined ? [] : ['CURSOR_REFUSED']),
  ].filter((code, at, all) => all.indexOf(code) === at);
}

/** The OpenAPI 3.1 description of the routes. */
export function describeApi(routes: readonly Route[], described: Described): Json {
  const paths: Record<string, Json> = {};
  for (const one of routes) {
    const path = `${API_ROOT}${one.path}`;
    paths[path] = { ...paths[path], [one.method.toLowerCase()]: operation(one, described) };
  }
  return {
    openapi: '3.1.1',
    info: {
      title: 'Chatelaine',
      version: described.version,
      summary: 'The keeper of tools and keys for AI agents.',
      license: { name: 'Apache-2.0', identifier: 'Apache-2.0' },
    },
    servers: [{ url: '/', description: 'The server that this description comes from.' }],
    tags: [...new Set(routes.map(({ tag }) => tag))].map((name) => ({ name })),
    security: [{ bearer: [] }],
    paths,
    components: {
      securitySchemes: {
        bearer: {
          type: 'http',
          scheme: 'bearer',
          description:
            'An API key (`chk_…`), a session of the command line (`chs_…`), or an access token for `/api/v1`.',
        },
      },
      schemas: { Problem: PROBLEM },
      headers: {
        RequestId: { description: 'The id of the request, in logs and audit records.', schema: { type: 'string' } },
        ETag: { description: 'Tells this state from every other (RFC 9110 §8.8.3).', schema: { type: 'string' } },
        Link: { description: 'The next page, `rel="next"` (RFC 8288).', schema: { type: 'string' } },
      },
    },
  };
}

/** The route of the description itself. */
export function openApiRoute(routes: readonly Route[], described: Described): Route {
  let document: Json | undefined;
  const self: Route = defineRoute({
    operationId: 'describeApi',
    method: 'GET',
    path: '/openapi.json',
    summary: 'This description',
    tag: 'api',
    permission: 'public',
    where: 'everywhere',
    answer: z.record(z.string(), z.unknown()),
    version: (shown) => JSON.stringify(shown),
    handle: async () => (document ??= describeApi([...routes, self], described)),
  });
  return self;
}

function operation(one: Route, described: Described): Json {
  const parameters = [
    ...parametersOf(one.params, 'path'),
    ...parametersOf(one.query, 'query'),
    ...(one.method === 'POST' && one.asks !== true && one.permission !== 'public'
      ? [header('Idempotency-Key', 'Repeated under the same key, the request is done once.')]
      : []),
    ...(one.conditional === true
      ? [
          header('If-Match', 'The `ETag` of what is to be changed. Required, unless `If-None-Match: *` is sent.'),
          header('If-None-Match', '`*`: only where there is nothing yet.'),
        ]
      : []),
    ...(one.method === 'GET' && one.version !== undefined
      ? [header('If-None-Match', 'Answered with 304 while the `ETag` is still this one.')]
      : []),
  ];
  return {
    operationId: one.operationId,
    summary: one.summary,
    ...(one.description !== undefined && { description: one.description }),
    tags: [one.tag],
    ...(one.permission === 'public' ? { security: [] } : { 'x-permission': one.permission }),
    ...(takesProof(one, described) && { 'x-recent-proof': true }),
    ...(parameters.length > 0 && { parameters }),
    ...(one.body !== undefined && {
      requestBody: { required: true, content: contentOf(one.body, one.form === true) },
    }),
    responses: { ...successes(one), ...failures(errorCodesOf(one, described)) },
  };
}

const contentOf = (body: z.ZodType, form: boolean): Json => {
  const schema = schemaOf(body, 'input');
  return { 'application/json': { schema }, ...(form && { 'application/x-www-form-urlencoded': { schema } }) };
};

const header = (name: string, description: string): Json => ({
  name,
  in: 'header',
  description,
  schema: { type: 'string' },
});

function parametersOf(schema: z.ZodType | undefined, where: 'path' | 'query'): readonly Json[] {
  if (schema === undefined) return [];
  const { properties = {}, required = [] } = schemaOf(schema, 'input') as {
    properties?: Record<string, Json>;
    required?: readonly string[];
  };
  return Object.entries(properties).map(([name, { description, ...rest }]) => ({
    name,
    in: where,
    required: where === 'path' || required.includes(name),
    ...(description !== undefined && { description }),
    schema: rest,
  }));
}

function successes(one: Route): Json {
  const { answer, position, version, made, method, media } = one;
  const headers = {
    'X-Request-Id': { $ref: '#/components/headers/RequestId' },
    ...(version !== undefined && { ETag: { $ref: '#/components/headers/ETag' } }),
    ...(position !== undefined && { Link: { $ref: '#/components/headers/Link' } }),
  };
  if (media !== undefined) {
    const content = { [media]: answer === undefined ? {} : { schema: schemaOf(answer, 'output') } };
    return { 200: { description: 'Sent as it is made.', headers, content } };
  }
  if (answer === undefined) return { 204: { description: 'Done.', headers } };
  const content = { 'application/json': { schema: schemaOf(answer, 'output') } };
  return {
    [String(one.status ?? 200)]: { description: 'Done.', headers, content },
    ...(made !== undefined && { 201: { description: 'Made.', headers, content } }),
    ...(method === 'GET' && version !== undefined && { 304: { description: 'Not modified.', headers } }),
  };
}

/** By status, with the codes that it may be: what a client branches on. */
function failures(codes: readonly string[]): Json {
  const byStatus = new Map<number, string[]>();
  for (const code of codes) {
    const status = AT_THE_DOOR[code] ?? errorCatalogues.find(({ entries }) => code in entries)?.entries[code]?.status;
    if (status === undefined) throw new Error(`no catalogue has the code \`${code}\``);
    byStatus.set(status, [...(byStatus.get(status) ?? []), code]);
  }
  const sorted = [...byStatus].toSorted(([left], [right]) => left - right);
  return Object.fromEntries(
    sorted.map(([status, list]) => [
      String(status),
      {
        description: list.map((code) => `\`${code}\``).join(', '),
        content: {
          'application/problem+json': {
            schema: {
              allOf: [{ $ref: '#/components/schemas/Problem' }, { properties: { code: { enum: list.toSorted() } } }],
            },
          },
        },
      },
    ]),
  );
}

function schemaOf(schema: z.ZodType, io: 'input' | 'output'): Json {
  const { $schema: _, ...rest } = z.toJSONSchema(schema, { target: 'draft-2020-12', io, unrepresentable: 'any' });
  return rest;
}

const text = { type: 'string' };

const PROBLEM: Json = {
  description: 'What every answer that is no success looks like (RFC 9457).',
  type: 'object',
  required: ['type', 'title', 'status', 'detail', 'instance', 'code', 'remedy'],
  properties: {
    type: { ...text, format: 'uri' },
    title: text,
    status: { type: 'integer' },
    detail: { ...text, description: 'What happened this time.' },
    instance: { ...text, format: 'uri', description: 'Holds the id of the request.' },
    code: { ...text, description: 'Stable: this is what to branch on.' },
    remedy: { ...text, description: 'What to do about it.' },
    errors: {
      type: 'array',
      items: {
        type: 'object',
        required: ['in', 'detail'],
        properties: {
          in: { enum: ['path', 'query', 'body'] },
          pointer: { ...text, description: 'Into the body: a JSON Pointer as URI fragment.' },
          name: { ...text, description: 'The parameter of the path or the query.' },
          detail: text,
        },
      },
    },
  },
};
