/** Whether what `auth:` of sources needs of callers could ever be had. */
import type { ServerSettings, SourceDeclaration } from '#contract';
import { isRecord } from '#kernel';
import { problemAt, type Problem } from './problems.ts';

const FIELD = ['auth', 'upstream'];

/** The identity provider whose tokens of callers the source sends; undefined where it sends nobody's. */
function upstreamOf({ fields }: SourceDeclaration): string | undefined {
  const auth = isRecord(fields) ? fields['auth'] : undefined;
  const upstream = isRecord(auth) ? auth['upstream'] : undefined;
  return typeof upstream === 'string' ? upstream : undefined;
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
