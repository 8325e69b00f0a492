import type { AuthServiceDeclaration, SecretReader } from '#contract';
import { readNonceSecret } from '#http';
import { Secret, type Clock } from '#kernel';
import { ResourceServer, withoutClient, type IntrospectionClient, type Issuer } from '#resource-server';
import { mainError } from '../errors.ts';
import type { Services } from './open-services.ts';

export interface ResourceServerParts {
  readonly services: Pick<Services, 'database' | 'identity' | 'vault'>;
  /** The `kind: authService` documents as they are now. */
  readonly declared: () => readonly AuthServiceDeclaration[];
  /** Our own authorization server, as it is now; it stands before all others. */
  readonly issuers?: () => readonly Issuer[];
  /** The issuer whose tokens are exchanged elsewhere for those of identity providers. */
  readonly sessionsOf?: string | undefined;
  readonly secrets: SecretReader;
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly clock: Clock;
}

/** Makes the resource server; nobody is asked anything yet. Throws `INTROSPECTION_CLIENT_INVALID`. */
export function openResourceServer(parts: ResourceServerParts): ResourceServer {
  const { services, declared, issuers, sessionsOf, secrets, env, clock } = parts;
  const resources = new ResourceServer({
    services: declared,
    ...(issuers && { issuers }),
    sessionsOf,
    people: services.identity.standings,
    changes: services.database.changes,
    secrets,
    confirmation: {
      database: services.database,
      nonceSecret: () => readNonceSecret(services.database, services.vault.envelope),
    },
    introspectionClient: introspectionClient(env, declared()),
    clock,
  });
  services.identity.onChange(() => resources.peopleChanged());
  return resources;
}

/** MCP Toolbox's way to say who asks introspection endpoints: for the one service that does not say it itself. */
function introspectionClient(
  { INTROSPECTION_CLIENT_ID: id = '', INTROSPECTION_CLIENT_SECRET: secret = '' }: ResourceServerParts['env'],
  declared: readonly AuthServiceDeclaration[],
): IntrospectionClient | undefined {
  if (id === '' && secret === '') return undefined;
  if (id === '' || secret === '') {
    const given = id === '' ? 'INTROSPECTION_CLIENT_SECRET' : 'INTROSPECTION_CLIENT_ID';
    throw mainError('INTROSPECTION_CLIENT_INVALID', `of the client's id and secret there is only \`${given}\``);
  }
  const asking = withoutClient(declared);
  if (asking.length > 1) {
    const names = asking.map(({ name }) => `\`${name}\``).join(', ');
    throw mainError('INTROSPECTION_CLIENT_INVALID', `\`INTROSPECTION_CLIENT_ID\` could be meant for any of ${names}`);
  }
  return { id, secret: new Secret(secret) };
}
