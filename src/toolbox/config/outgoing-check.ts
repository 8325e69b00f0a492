/** Whether what `auth:` of sources needs of callers could ever be had. */
import type { ServerSettings, SourceDeclaration, UpstreamDeclaration } from '#contract';
import { isRecord } from '#kernel';
import { problemAt, type Problem } from './problems.ts';

const FIELD = ['auth', 'upstream'];

function authOf({ fields }: SourceDeclaration): Readonly<Record<string, unknown>> {
  const auth = isRecord(fields) ? fields['auth'] : undefined;
  return isRecord(auth) ? auth : {};
}

/** The identity provider whose tokens of callers the source sends; undefined where it sends nobody's. */
function upstreamOf(source: SourceDeclaration): string | undefined {
  const { upstream } = authOf(source);
  return typeof upstream === 'string' ? upstream : undefined;
}

/** GitHub and whatever is described as plain OAuth 2 say who somebody is in other ways than ID tokens. */
const WITHOUT_ID_TOKENS: ReadonlySet<string> = new Set<UpstreamDeclaration['type']>(['github', 'oauth2']);

/** Those that exchange the ID token of the caller for something else. */
export const sourcesWithIdTokens = (sources: readonly SourceDeclaration[]): readonly SourceDeclaration[] =>
  sources.filter((source) => {
    const { type, subject } = authOf(source);
    if (upstreamOf(source) === undefined) return false;
    return subject === 'id_token' || type === 'idJag' || (type === 'awsSts' && subject === undefined);
  });

/** Of an upstream that gives no ID token nobody can ever exchange one. */
export function checkIdTokens(
  sources: readonly SourceDeclaration[],
  upstreams: readonly UpstreamDeclaration[],
): readonly Problem[] {
  return sourcesWithIdTokens(sources).flatMap((source) => {
    const upstream = upstreams.find(({ name }) => name === upstreamOf(source));
    if (upstream === undefined || !WITHOUT_ID_TOKENS.has(upstream.type)) return [];
    const message = `\`${upstream.name}\` is plain OAuth 2 and gives no ID tokens (its type is \`${upstream.type}\`)`;
    return [problemAt(source.locate(FIELD), 'CONTRADICTION', message)];
  });
}

/** The upstreams of this server's own doors may be fewer than there are: from another no caller has a token here. */
export function checkUpstreamsOfSources(
  sources: readonly SourceDeclaration[],
  server: Pick<ServerSettings, 'authorizationServer'> | undefined,
): readonly Problem[] {
  const usable = server?.authorizationServer.upstreams;
  if (usable === undefined) return [];
  return sources.flatMap((source) => {
    const upstream = upstreamOf(source);
    if (upstream === undefined || usable.includes(upstream)) return [];
    const message = `nobody has a token of \`${upstream}\` here: \`authorizationServer.upstreams\` of \`kind: server\` leaves it out`;
    return [problemAt(source.locate(FIELD), 'CONTRADICTION', message, 'Add it there, or name one that is there.')];
  });
}

/** The same where the server has no authorization server of its own: then nobody signs in, and no call could succeed. */
export function sourcesWithoutSignIn(sources: readonly SourceDeclaration[]): readonly Problem[] {
  return sources.flatMap((source) => {
    const upstream = upstreamOf(source);
    if (upstream === undefined) return [];
    const message = `no caller has a token of \`${upstream}\`: people sign in at an authorization server, and this server has none of its own`;
    return [
      problemAt(
        source.locate(FIELD),
        'UNENFORCEABLE',
        message,
        'Say where it is reached: `publicUrl` of `kind: server`.',
      ),
    ];
  });
}
