import type { OutgoingAuthConfig } from '#contract';
import type { OutgoingAuth } from './outgoing-auth.ts';
import type { OutgoingAuthParts } from './parts.ts';
import { ClientCredentials } from './ways/client-credentials.ts';
import { AwsSts } from './ways/aws-sts.ts';
import { ClientCertificate } from './ways/client-certificate.ts';
import { idJag } from './ways/id-jag.ts';
import { nothing } from './ways/nothing.ts';
import { StaticSecret } from './ways/static-secret.ts';
import { tokenExchange } from './ways/token-exchange.ts';
import { UpstreamToken } from './ways/upstream-token.ts';

/** What authorizes the requests to one destination, as `auth:` says; without it nothing does. Touches nothing yet. */
export function openOutgoingAuth(config: OutgoingAuthConfig | undefined, parts: OutgoingAuthParts): OutgoingAuth {
  if (config === undefined) return nothing;
  switch (config.type) {
    case 'none':
      return nothing;
    case undefined:
    case 'secret': {
      const { secret, tokenUrl, scopes, clientAuthentication } = config;
      if (tokenUrl === undefined) return new StaticSecret(config, parts.secrets);
      return new ClientCredentials(
        { type: 'clientCredentials', secret, tokenUrl, scopes, clientAuthentication },
        parts,
      );
    }
    case 'clientCredentials':
      return new ClientCredentials(config, parts);
    case 'upstream':
      return new UpstreamToken(config);
    case 'tokenExchange':
      return tokenExchange(config, parts);
    case 'idJag':
      return idJag(config, parts);
    case 'awsSts':
      return new AwsSts(config, parts);
    case 'clientCertificate':
      return new ClientCertificate(config, parts);
  }
}
