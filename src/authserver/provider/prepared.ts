import type { IncomingMessage } from 'node:http';
import type { OwnTokenVerifier } from '../token-sessions/own-token-verifier.ts';
import type { OwnerMap } from '../resources/owner-map.ts';
import { readBody, rewritten } from './incoming.ts';
import { IDENTITY_SCOPES, ROUTES } from './settings.ts';

/** Endpoints whose `token` may be one of our JWTs, which the provider knows by their `jti` alone. */
const BY_TOKEN: ReadonlySet<string> = new Set([ROUTES.introspection, ROUTES.revocation]);

/**
 * The request as the provider reads it: metadata under one path, resources in their one form, a scope where
 * clients leave it out, and our JWTs by what they are kept under.
 */
export async function prepared(
  request: IncomingMessage,
  how: {
    readonly path: string;
    /** Where clients reach the endpoint. */
    readonly base: URL;
    readonly owners: OwnerMap;
    /** Where metadata lies, also with a path behind it (RFC 8414 §3.1). */
    readonly metadata: RegExp;
    readonly verifier: OwnTokenVerifier;
    /** The `Cookie` header that it may see; null for none. */
    readonly cookie: string | null;
    /** Looks at the parameters of the body before anything is made of them; throws where they go no further. */
    readonly admit: (parameters: URLSearchParams) => Promise<void>;
  },
): Promise<IncomingMessage> {
  const { path, base, owners, cookie } = how;
  const well = how.metadata.exec(path);
  if (well !== null) return rewritten(request, { base, url: `/.well-known/${well[1]}` });
  if (request.method === 'POST') {
    const body = await readBody(request);
    if (!/^application\/x-www-form-urlencoded\b/i.test(request.headers['content-type'] ?? '')) {
      await how.admit(new URLSearchParams());
      return rewritten(request, { base, body });
    }
    const parameters = new URLSearchParams(body.toString());
    await how.admit(parameters);
    if (BY_TOKEN.has(path)) await byIdentifier(parameters, how.verifier);
    else inOneForm(parameters, owners);
    if (path === ROUTES.pushed_authorization_request || path === ROUTES.device_authorization)
      withScope(parameters, owners);
    return rewritten(request, { base, body: Buffer.from(parameters.toString()), cookie });
  }
  await how.admit(new URLSearchParams());
  const query = (request.url ?? '').split('?')[1];
  // A code in the address is for the page to show; sending it is for the person.
  if (path === ROUTES.code_verification) return rewritten(request, { base, url: path, cookie });
  if (path !== ROUTES.authorization || query === undefined) return rewritten(request, { base, cookie });
  const parameters = new URLSearchParams(query);
  inOneForm(parameters, owners);
  if (!parameters.has('request_uri')) withScope(parameters, owners);
  return rewritten(request, { base, url: `${path}?${parameters.toString()}`, cookie });
}

/** `https://tools.example/mcp/` is `https://tools.example/mcp`; what names nothing stays as it is, and is refused. */
function inOneForm(parameters: URLSearchParams, owners: OwnerMap): void {
  const asked = parameters.getAll('resource').map((resource) => owners.resolve(resource)?.resource ?? resource);
  parameters.delete('resource');
  for (const resource of new Set(asked)) parameters.append('resource', resource);
}

/**
 * A client that asks for no scope, or for none that there is, still wants to know whom it acts for (RFC 6749
 * §3.3 leaves the default to the server): without it there would be nothing to consent to.
 */
function withScope(parameters: URLSearchParams, owners: OwnerMap): void {
  const asked = (parameters.get('scope') ?? '').split(' ').filter((scope) => scope !== '');
  const offered = parameters.getAll('resource').flatMap((resource) => owners.resolve(resource)?.scopes ?? []);
  if (asked.some((scope) => IDENTITY_SCOPES.includes(scope) || offered.includes(scope))) return;
  parameters.set('scope', [...asked, 'openid'].join(' '));
}

async function byIdentifier(parameters: URLSearchParams, verifier: OwnTokenVerifier): Promise<void> {
  const tokens = parameters.getAll('token');
  if (tokens.length !== 1 || tokens[0]?.split('.').length !== 3) return;
  parameters.set('token', (await verifier.identifierOf(tokens[0])) ?? 'unknown');
}
