/**
 * What is accepted of client metadata (RFC 7591 §2) that nobody vouches for, in a registration or a metadata
 * document; pure. What is not listed here is ignored, as the RFC asks (§2): it is neither kept nor fetched.
 */
import type { z } from 'zod';
import { CLIENT_AUTH_METHODS, parseRedirectUri, publicJwks, type ClientAuthMethod, type ClientGrant } from '#contract';
import { err, isRecord, ok, type Result } from '#kernel';
import { applicationTypeOf, GRANT_TYPES, type ClientFacts } from './client.ts';
import { checkShownName } from './shown-name.ts';

/** A word for the wire (RFC 7591 §3.2.2), and a sentence for who develops the client. */
export interface MetadataFault {
  readonly error: 'invalid_redirect_uri' | 'invalid_client_metadata' | 'invalid_software_statement';
  readonly description: string;
}

export interface MetadataRules {
  readonly grants: readonly ClientGrant[];
  readonly authMethods: readonly ClientAuthMethod[];
  /** What the server knows of scopes; others are left out of what a client gets. Undefined for any. */
  readonly supportedScopes?: ReadonlySet<string> | undefined;
  /** Scopes that every such client may ask for, whatever it registered. */
  readonly baselineScopes: readonly string[];
  /** Grants that are not among `grants` are left out instead of refused. */
  readonly lenient: boolean;
  /** Whether public keys may be fetched from an address that the client names. */
  readonly jwksUri: boolean;
}

/** What was accepted. */
export interface ClientMetadata extends ClientFacts {
  readonly clientUri: string | undefined;
  readonly dpopBoundAccessTokens: boolean;
}

export const MOST_REDIRECT_URIS = 10;
const LONGEST_SCOPE = 4096;
const SCOPE = /^[\x21\x23-\x5b\x5d-\x7e]+( [\x21\x23-\x5b\x5d-\x7e]+)*$/;

/** Addresses that would be fetched by us, or by whoever is shown the client, at somebody else's wish. */
const FETCHED = ['sector_identifier_uri', 'initiate_login_uri', 'backchannel_logout_uri', 'request_uris'];
const PAGES = ['client_uri', 'policy_uri', 'tos_uri'];

type Checked<Value> = Result<Value, MetadataFault>;

const fault = (description: string, error: MetadataFault['error'] = 'invalid_client_metadata') =>
  err({ error, description } as const);

/** Reads what a client says of itself, member by member; the first fault decides. */
export function readClientMetadata(given: unknown, rules: MetadataRules): Checked<ClientMetadata> {
  if (!isRecord(given) || Array.isArray(given)) return fault('the metadata is no JSON object');
  if (given['software_statement'] !== undefined) {
    return fault('`software_statement` is not accepted: nobody is trusted to sign one', 'invalid_software_statement');
  }
  const name = readName(given);
  if (!name.ok) return name;
  const redirectUris = readRedirectUris(given['redirect_uris'], 'redirect_uris');
  if (!redirectUris.ok) return redirectUris;
  const afterLogout = readPostLogoutRedirectUris(given['post_logout_redirect_uris']);
  if (!afterLogout.ok) return afterLogout;
  const applicationType = readApplicationType(given['application_type'], redirectUris.value);
  if (!applicationType.ok) return applicationType;
  const grants = readGrants(given, rules);
  if (!grants.ok) return grants;
  const authentication = readAuthentication(given, rules);
  if (!authentication.ok) return authentication;
  const scopes = readScopes(given['scope'], rules);
  if (!scopes.ok) return scopes;
  const pages = checkAddresses(given);
  if (!pages.ok) return pages;
  return ok({
    name: name.value,
    applicationType: applicationType.value,
    redirectUris: redirectUris.value,
    postLogoutRedirectUris: afterLogout.value,
    grants: grants.value,
    ...authentication.value,
    scopes: scopes.value,
    clientUri: pages.value,
    dpopBoundAccessTokens: given['dpop_bound_access_tokens'] === true,
    requirePushedAuthorizationRequests: given['require_pushed_authorization_requests'] === true,
  });
}

function readName(given: Record<string, unknown>): Checked<string | undefined> {
  const named = given['client_name'];
  if (named === undefined || named === null) return ok(undefined);
  if (typeof named !== 'string') return fault('`client_name` is no text');
  const checked = checkShownName(named);
  return checked.ok ? checked : fault(`\`client_name\`: ${checked.error}`);
}

function readRedirectUris(given: unknown, member: string): Checked<readonly string[]> {
  if (!Array.isArray(given) || given.length === 0)
    return fault(`\`${member}\` is empty or missing`, 'invalid_redirect_uri');
  if (given.length > MOST_REDIRECT_URIS) {
    return fault(`\`${member}\` has more than ${MOST_REDIRECT_URIS} entries`, 'invalid_redirect_uri');
  }
  for (const [index, uri] of given.entries()) {
    const parsed = typeof uri === 'string' ? parseRedirectUri(uri) : err('it is no text');
    if (!parsed.ok) return fault(`${member}[${index}]: ${parsed.error}`, 'invalid_redirect_uri');
  }
  return ok([...new Set(given as string[])]);
}

/** A browser is sent there too, so they are what redirects are (OpenID Connect RP-Initiated Logout §3.1). */
function readPostLogoutRedirectUris(given: unknown): Checked<readonly string[]> {
  if (given === undefined || given === null || (Array.isArray(given) && given.length === 0)) return ok([]);
  return readRedirectUris(given, 'post_logout_redirect_uris');
}

/**
 * Clients of before 2026-07-28 do not say what they are, and the default of OpenID Connect (`web`) would hold a
 * native one to the port of its first start. So it follows from where codes go, unless it is said.
 */
function readApplicationType(given: unknown, redirectUris: readonly string[]): Checked<'web' | 'native'> {
  if (given === undefined) return ok(applicationTypeOf(redirectUris));
  if (given !== 'web' && given !== 'native') return fault('`application_type` is `web` or `native`');
  for (const uri of redirectUris) {
    const parsed = parseRedirectUri(uri);
    if (!parsed.ok) continue;
    if (given === 'web' && parsed.value.kind === 'private-use') {
      return fault('a `web` client has no scheme of its own', 'invalid_redirect_uri');
    }
    if (given === 'native' && parsed.value.kind === 'https' && parsed.value.isLocal) {
      return fault('a `native` client listens on this machine with http (RFC 8252 §8.3)', 'invalid_redirect_uri');
    }
  }
  return ok(given);
}

const texts = (value: unknown): value is readonly string[] =>
  Array.isArray(value) && value.length <= 16 && value.every((one) => typeof one === 'string');

function readGrants(
  given: Record<string, unknown>,
  { grants, lenient }: MetadataRules,
): Checked<readonly ClientGrant[]> {
  const { grant_types: asked = ['authorization_code'], response_types: responses = ['code'] } = given;
  if (!texts(asked)) return fault('`grant_types` is no list of texts');
  if (!texts(responses) || !responses.includes('code') || (!lenient && responses.length > 1)) {
    return fault('`response_types` is `["code"]` (OAuth 2.1 has no other)');
  }
  const known = grants.filter((grant) => asked.includes(GRANT_TYPES[grant]));
  const foreign = asked.find((type) => !grants.some((grant) => GRANT_TYPES[grant] === type));
  if (foreign !== undefined && !lenient) {
    return fault(`\`grant_types\`: \`${foreign.slice(0, 80)}\` is not for clients that register themselves`);
  }
  // RFC 7591 §2.1: the two must agree.
  if (!known.includes('authorization_code'))
    return fault('`grant_types` lacks `authorization_code`, which `code` needs');
  return ok(known);
}

type Authentication = Pick<ClientMetadata, 'authMethod' | 'jwks' | 'jwksUri'>;

function readAuthentication(given: Record<string, unknown>, rules: MetadataRules): Checked<Authentication> {
  // Public unless it asks for more, against the default of RFC 7591 §2: MCP clients hold no secret.
  const method = given['token_endpoint_auth_method'] ?? 'none';
  if (
    !CLIENT_AUTH_METHODS.some((known) => known === method) ||
    !rules.authMethods.includes(method as ClientAuthMethod)
  ) {
    return fault(`\`token_endpoint_auth_method\` is \`${rules.authMethods.join('`, `')}\``);
  }
  const algorithm = given['token_endpoint_auth_signing_alg'];
  if (algorithm !== undefined && !/^(?:(?:ES|RS|PS)(?:256|384|512)|EdDSA|Ed25519)$/.test(textOf(algorithm))) {
    return fault('`token_endpoint_auth_signing_alg` is no algorithm of public keys (RFC 8725 §3.1)');
  }
  const byKeys = method === 'private_key_jwt';
  const { jwks, jwks_uri: uri } = given;
  if (jwks !== undefined && uri !== undefined) return fault('`jwks` and `jwks_uri` exclude each other (RFC 7591 §2)');
  if (uri !== undefined && (!rules.jwksUri || typeof uri !== 'string' || !isPage(uri))) {
    return fault(rules.jwksUri ? '`jwks_uri` is no https URL' : '`jwks_uri` is not fetched; give `jwks`');
  }
  const parsed = jwks === undefined ? undefined : publicJwks.safeParse(jwks);
  if (parsed?.success === false) return fault(`\`jwks\`: ${firstIssue(parsed.error)}`);
  if (byKeys && jwks === undefined && uri === undefined) return fault('`private_key_jwt` needs the public keys');
  return ok({
    authMethod: method as ClientAuthMethod,
    jwks: byKeys ? parsed?.data : undefined,
    jwksUri: byKeys ? uri : undefined,
  });
}

const textOf = (value: unknown): string => (typeof value === 'string' ? value : '');

const firstIssue = (error: z.ZodError): string => {
  const [issue] = error.issues;
  return `at \`${issue?.path.join('.') || 'keys'}\`: ${issue?.message}`;
};

function readScopes(
  given: unknown,
  { supportedScopes, baselineScopes }: MetadataRules,
): Checked<readonly string[] | undefined> {
  if (given === undefined || given === '') return ok(undefined);
  if (typeof given !== 'string' || given.length > LONGEST_SCOPE || !SCOPE.test(given)) {
    return fault('`scope` is no list of scopes with one space between (RFC 6749 §3.3)');
  }
  const asked = given.split(' ').filter((scope) => supportedScopes?.has(scope) !== false);
  return ok([...new Set([...asked, ...baselineScopes])]);
}

/** Pages are kept as texts and shown as links at the most; logos are not kept: who shows one has been fetched. */
function checkAddresses(given: Record<string, unknown>): Checked<string | undefined> {
  const fetched = FETCHED.find((member) => given[member] !== undefined);
  if (fetched !== undefined) return fault(`\`${fetched}\` is not accepted: it would be fetched by this server`);
  for (const member of PAGES) {
    const page = given[member];
    if (page === undefined || page === null || page === '') continue;
    if (typeof page !== 'string' || !isPage(page)) return fault(`\`${member}\` is no https URL`);
  }
  const page = given['client_uri'];
  return ok(typeof page === 'string' && page !== '' ? page : undefined);
}

function isPage(text: string): boolean {
  const url = URL.parse(text);
  return (
    text.length <= 2048 &&
    /^[\x21-\x7e]+$/.test(text) &&
    url?.protocol === 'https:' &&
    url.username === '' &&
    url.password === ''
  );
}
