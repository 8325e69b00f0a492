/** What services of one namespace would do to each other's tokens. */
import type { AuthServiceDeclaration } from '#contract';
import { problemAt, type Problem } from './problems.ts';

/**
 * Refuses two services that would both be shown the same opaque tokens, which say nothing of their issuer:
 * each provider would learn those of the other. And two that let in the same tokens under different rules:
 * which of them held would be left to the order of documents.
 */
export function checkAuthServices(services: readonly AuthServiceDeclaration[]): Problem[] {
  const asking = new Map<string, AuthServiceDeclaration>();
  const accepting = new Map<string, AuthServiceDeclaration>();
  return services.flatMap((service) => {
    if (!service.mcpEnabled) return [];
    const field = askingField(service);
    const asked = field === undefined ? undefined : seen(asking, service.namespace, service);
    if (field !== undefined && asked !== undefined) {
      const message = `\`${asked.name}\` introspects opaque tokens of the namespace already, and each service would be shown those of the other`;
      return [problemAt(service.locate([field]), 'UNENFORCEABLE', message)];
    }
    const same = seen(accepting, JSON.stringify([service.namespace, issuerOf(service), audienceOf(service)]), service);
    if (same === undefined) return [];
    const message = `\`${same.name}\` accepts tokens of the same issuer for the same audience, so the rules of one of the two would not hold`;
    return [problemAt(service.locate(['name']), 'CONTRADICTION', message)];
  });
}

/** By which field a service says that opaque tokens are its own. */
function askingField(service: AuthServiceDeclaration): string | undefined {
  if (service.type !== 'generic') return undefined;
  if (service.introspectionEndpoint !== undefined) return 'introspectionEndpoint';
  return service.forceIntrospection === true ? 'forceIntrospection' : undefined;
}

const issuerOf = (service: AuthServiceDeclaration): string =>
  service.type === 'google' ? 'google' : service.authorizationServer;

const audienceOf = (service: AuthServiceDeclaration): string | undefined =>
  service.type === 'google' ? (service.audience ?? service.clientId) : service.audience;

/** The one that was there before; the first one stays. */
function seen(
  known: Map<string, AuthServiceDeclaration>,
  key: string,
  service: AuthServiceDeclaration,
): AuthServiceDeclaration | undefined {
  const before = known.get(key);
  if (before === undefined) known.set(key, service);
  return before;
}
