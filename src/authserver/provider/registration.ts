import type { IncomingMessage } from 'node:http';
import type { AuditOrigin } from '#contract';
import { ChatelaineError, isRecord, parseStrictJson, Secret } from '#kernel';
import type { ClientRegistrar, RegistrationResponse } from '../clients/registrar.ts';
import { readBody } from './incoming.ts';
import type { OAuthRecords, Asking } from './records.ts';
import { ROUTES } from './settings.ts';

/** An answer of RFC 7591 §3.2 or RFC 7592 §3. */
export interface RegistrationAnswer {
  readonly status: number;
  readonly body: RegistrationResponse | undefined;
  readonly headers?: Readonly<Record<string, string>>;
}

/** Whether a path is that of registrations, or of one of them. */
export const isRegistrationPath = (path: string): boolean =>
  path === ROUTES.registration || path.startsWith(`${ROUTES.registration}/`);

/** `POST /oauth/register`, and `GET`, `PUT`, `DELETE` of what was registered, with its token. Never rejects for what a client did. */
export async function register(
  request: IncomingMessage,
  path: string,
  asking: Asking,
  parts: { readonly registrar: ClientRegistrar; readonly records: OAuthRecords },
): Promise<RegistrationAnswer> {
  const { registrar, records } = parts;
  const by = { origin: originOf(request, asking), address: asking.address };
  const clientId = decodeURIComponent(path.slice(ROUTES.registration.length + 1));
  try {
    if (clientId === '') {
      if (request.method !== 'POST') return notAllowed('POST');
      return { status: 201, body: await registrar.register(by, await readJson(request)) };
    }
    const token = bearer(request);
    switch (request.method) {
      case 'GET':
        return { status: 200, body: await registrar.read(clientId, token) };
      case 'PUT':
        return { status: 200, body: await registrar.update(by, clientId, token, await readJson(request)) };
      case 'DELETE':
        await registrar.delete(by, clientId, token);
        return { status: 204, body: undefined };
      default:
        return notAllowed('GET, PUT, DELETE');
    }
  } catch (error) {
    if (!(error instanceof ChatelaineError) || error.status >= 500) throw error;
    await records.registrationRefused(by.origin, error.code, asking);
    return refusal(error);
  }
}

function refusal(error: ChatelaineError): RegistrationAnswer {
  const { error: word, retryAfterSeconds: retry } = error.details ?? {};
  const body = {
    error: typeof word === 'string' ? word : error.status === 401 ? 'invalid_token' : 'invalid_request',
    error_description: error.message,
  };
  return {
    status: error.status,
    body,
    headers: {
      ...(error.status === 401 && { 'WWW-Authenticate': 'Bearer error="invalid_token"' }),
      ...(typeof retry === 'number' && { 'Retry-After': String(retry) }),
    },
  };
}

const notAllowed = (allow: string): RegistrationAnswer => ({
  status: 405,
  body: { error: 'invalid_request', error_description: `this path answers to ${allow}` },
  headers: { Allow: allow },
});

async function readJson(request: IncomingMessage): Promise<unknown> {
  const bytes = await readBody(request);
  if (!/^application\/json\b/i.test(request.headers['content-type'] ?? '')) return undefined;
  const parsed = parseStrictJson(bytes);
  return parsed.ok && isRecord(parsed.value) ? parsed.value : undefined;
}

/** The registration access token; one that is not there is as one that does not count. */
function bearer({ headers }: IncomingMessage): Secret {
  return new Secret(/^Bearer ([A-Za-z0-9\-._~+/]+=*)$/i.exec(headers.authorization ?? '')?.[1] ?? '');
}

function originOf({ headers }: IncomingMessage, { requestId, address }: Asking): AuditOrigin {
  const userAgent = headers['user-agent'];
  return {
    door: 'oauth',
    requestId,
    actor: { kind: 'anonymous', iss: 'chatelaine', sub: 'anonymous', name: 'anonymous' },
    ...(address !== undefined && { address }),
    ...(userAgent !== undefined && { userAgent: userAgent.slice(0, 256) }),
  };
}
