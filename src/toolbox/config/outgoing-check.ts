/** Whether what `auth:` of sources and MCP servers needs of callers could ever be had. */
import type { McpServerDeclaration, ServerSettings, SourceDeclaration, UpstreamDeclaration } from '#contract';
import { isRecord } from '#kernel';
import { problemAt, type Problem } from './problems.ts';

const FIELD = ['auth', 'upstream'];

/** Whatever sends requests to others. */
export type Sending = SourceDeclaration | McpServerDeclaration;

function authOf(sending: Sending): Readonly<Record<string, unknown>> {
  if (!('fields' in sending)) return { ...sending.auth };
  const { fields } = sending;
  const auth = isRecord(fields) ? fields['auth'] : undefined;
  return isRecord(auth) ? auth : {};
}

/** The identity provider whose tokens of callers it sends; undefined where it sends nobody's. */
function upstreamOf(sending: Sending): string | undefined {
  const { upstream } = authOf(sending);
  return typeof upstream === 'string' ? upstream : undefined;
}

/** GitHub and whatever is described as plain OAuth 2 say who somebody is in other ways than ID tokens. */
const WITHOUT_ID_TOKENS: ReadonlySet<string> = new Set<UpstreamDeclaration['type']>(['github', 'oauth2']);

/** Of an upstream that gives no ID token nobody can ever exchange one. */
export function checkIdTokens(
  sending: readonly Sending[],
  upstreams: readonly UpstreamDeclaration[],
): readonly Problem[] {
  return sending.flatMap((one) => {
    const { type, subject } = authOf(one);
    const upstream = upstreams.find(({ name }) => name === upstreamOf(one));
    if (upstream === undefined || !WITHOUT_ID_TOKENS.has(upstream.type)) return [];
    const wantsIdToken = subject === 'id_token' || type === 'idJag' || (type === 'awsSts' && subject === undefined);
    if (!wantsIdToken) return [];
    const message = `\`${upstream.name}\` is plain OAuth 2 and gives no ID tokens (its type is \`${upstream.type}\`)`;
    return [problemAt(one.locate(FIELD), 'CONTRADICTION', message)];
  });
}

/** The upstreams of this server's own doors may be fewer than there are: from another no caller has a token here. */
export function checkUsableUpstreams(
  sending: readonly Sending[],
  server: Pick<ServerSettings, 'authorizationServer'> | undefined,
): readonly Problem[] {
  const usable = server?.authorizationServer.upstreams;
  if (usable === undefined) return [];
  return sending.flatMap((one) => {
    const upstream = upstreamOf(one);
    if (upstream === undefined || usable.includes(upstream)) return [];
    const message = `nobody has a token of \`${upstream}\` here: \`authorizationServer.upstreams\` of \`kind: server\` leaves it out`;
    return [problemAt(one.locate(FIELD), 'CONTRADICTION', message, 'Add it there, or name one that is there.')];
  });
}

/**
 * The same where the server has no authorization server of its own: then nobody signs in, no token of an MCP server's
 * authorization server is kept, and no call could succeed.
 */
export function sendingWithoutSignIn(sending: readonly Sending[]): readonly Problem[] {
  return sending.flatMap((one) => {
    const upstream = upstreamOf(one);
    const isOAuth = authOf(one)['type'] === 'oauth';
    if (upstream === undefined && !isOAuth) return [];
    const missing = isOAuth
      ? 'tokens for this MCP server are kept by an authorization server'
      : `no caller has a token of \`${upstream}\`: people sign in at an authorization server`;
    return [
      problemAt(
        one.locate(isOAuth ? ['auth', 'type'] : FIELD),
        'UNENFORCEABLE',
        `${missing}, and this server has none of its own`,
        'Say where it is reached: `publicUrl` of `kind: server`.',
      ),
    ];
  });
}
