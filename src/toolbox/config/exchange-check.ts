/** Whether tokens of callers could ever be had from the authorization server elsewhere that `exchange:` names. */
import type { AuthServiceDeclaration, ServerSettings } from '#contract';
import type { Lists } from './declarations.ts';
import { sendingIdTokens } from './outgoing-check.ts';
import { problemAt, type Problem } from './problems.ts';
import type { RawDocument } from './raw-document.ts';

export function checkExchange(
  { exchange }: Pick<ServerSettings, 'exchange'>,
  document: RawDocument,
  { authServices, sources, mcpServers }: Pick<Lists, 'authServices' | 'sources' | 'mcpServers'>,
): readonly Problem[] {
  if (exchange === undefined) return [];
  const { issuer } = exchange;
  const accepting = authServices.filter((service) => accepts(service, issuer));
  const idTokens = sendingIdTokens([...sources, ...mcpServers]).map((one) =>
    problemAt(
      one.locate(['auth']),
      'CONTRADICTION',
      'an exchange over mTLS gives access tokens and no ID tokens (`exchange` of `kind: server`)',
      'Take `subject: access_token`, or another way.',
    ),
  );
  const owned = mcpServers.flatMap((server) => {
    if (server.auth?.type !== 'oauth') return [];
    const message =
      'tokens of an MCP server’s own authorization server are kept by one of ours, and with `exchange` there is none here';
    return [problemAt(server.locate(['auth', 'type']), 'UNENFORCEABLE', message)];
  });
  const problems = [...idTokens, ...owned];
  if (accepting.length > 0) return problems;
  const message = `no caller has a token of \`${issuer}\`: no \`authService\` accepts its JWTs as bearer tokens`;
  const remedy =
    'Declare one of type `generic` with `mcpEnabled: true`, this `authorizationServer`, and the resource as its `audience`.';
  return [...problems, problemAt(document.locate(['exchange', 'issuer']), 'UNENFORCEABLE', message, remedy)];
}

/** What is exchanged is the JWT itself: whoever has it introspected may let in what is none. */
const accepts = (service: AuthServiceDeclaration, issuer: string): boolean =>
  service.type === 'generic' &&
  service.mcpEnabled &&
  service.authorizationServer === issuer &&
  service.forceIntrospection !== true;
