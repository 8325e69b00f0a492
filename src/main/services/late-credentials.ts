import type { SignJWT as SignJwt } from 'jose';
import type { PeerFacts, TokenVerifier } from '#contract';
import type { Clock } from '#kernel';
import {
  loadCredentials,
  type Credentials,
  type CredentialVerifier,
  type Through,
  type VendableTools,
  type Vending,
} from '#registry';
import { resourceUrl, type ResourceServer } from '#resource-server';
import type { Services } from './open-services.ts';

/** What vends and verifies credentials. */
export interface OpenedCredentials {
  readonly verifier: CredentialVerifier;
  readonly credentials: Credentials;
  readonly vending: Vending;
}

export interface LateCredentialsParts {
  readonly services: Services;
  /** The issuer, and where tools are as resources. */
  readonly publicUrl: URL;
  readonly tools: VendableTools;
  readonly resources: () => Pick<ResourceServer, 'keyOf'>;
  /** Whether a token session goes on. */
  readonly sessionGoesOn: (tsid: string) => Promise<boolean>;
  readonly clock: Clock;
}

/** Credentials, opened by the first who asks for one or comes with one: a server without any loads none of it. */
export interface LateCredentials {
  open(): Promise<OpenedCredentials>;
  readonly tokens: TokenVerifier;
}

export function lateCredentials(parts: LateCredentialsParts): LateCredentials {
  let opening: Promise<OpenedCredentials> | undefined;
  const open = (): Promise<OpenedCredentials> => {
    opening ??= openCredentials(parts);
    // What failed may succeed at the next request.
    opening.catch(() => (opening = undefined));
    return opening;
  };
  return {
    open,
    tokens: { verify: async (token: string, facts?: PeerFacts) => (await open()).verifier.verify(token, facts) },
  };
}

async function openCredentials(parts: LateCredentialsParts): Promise<OpenedCredentials> {
  const { services, publicUrl, tools, resources, clock } = parts;
  const { database, identity, audit: trail, policies } = services;
  const [registry, { SignJWT }, { keys }] = await Promise.all([loadCredentials(), import('jose'), services.signing()]);
  const signer = {
    issuer: publicUrl.origin,
    audienceOf: ({ namespace, tool }: { readonly namespace: string; readonly tool: string }) =>
      resourceUrl(publicUrl, { kind: 'tool', namespace, tool }),
    async sign(claims: Readonly<Record<string, unknown>>, typ: string): Promise<string> {
      const { algorithm: alg, kid, privateKey } = await keys.signer();
      const jwt: SignJwt = new SignJWT({ ...claims });
      return await jwt.setProtectedHeader({ alg, kid, typ }).sign(privateKey);
    },
    keys: () => keys.jwks(),
  };
  const holders = {
    users: identity.standings,
    agents: identity.agentStandings,
    isShut: async (namespace: string) =>
      (await identity.namespaces.listDisabled()).some((shut) => shut.namespace === namespace),
    goesOn: (through: Through) => goesOn(parts, through),
  };
  const verifier = new registry.CredentialVerifier({ database, clock, signer, tools, holders });
  identity.frame.changes.onChange(() => verifier.forget());
  const judge = registry.policyJudge({ policies, tools, clock });
  const possession = { keyOf: (presented: Parameters<ResourceServer['keyOf']>[0]) => resources().keyOf(presented) };
  const vending = new registry.Vending({ database, clock, trail, signer, tools, judge, possession });
  return { verifier, vending, credentials: new registry.Credentials({ frame: identity.frame, verifier }) };
}

/** Whether what a credential was made with counts now: it ends with that, and a restart changes nothing of it. */
async function goesOn({ services, sessionGoesOn }: LateCredentialsParts, { kind, id }: Through): Promise<boolean> {
  switch (kind) {
    case 'api-key':
      return await services.identity.keys.goesOn(id);
    case 'session':
      return await services.signIn().sessions.goesOn(services.database.db, id);
    case 'token-session':
      return await sessionGoesOn(id);
    case 'certificate':
      // Its agent is asked about each time; the certificate itself ends by its own short life.
      return true;
  }
}
