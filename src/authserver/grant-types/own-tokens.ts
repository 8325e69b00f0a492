/**
 * Access tokens of ours that are not a person's own, as the verifier judges them: those of agents, and those that
 * somebody acts with for a person. Their signature, their time and that no key is bound are judged before.
 */
import type { Access, CredentialRefusal, Principal } from '#contract';
import { agentPrincipal, LOCAL_ISSUER, type AgentStandings } from '#identity';
import { err, ok, type Result } from '#kernel';
import type { JWTPayload } from 'jose';
import type { Artifacts, Content } from '../artifacts/artifacts.ts';
import { GRANT_TYPES } from '../clients/client.ts';
import { actorsOf, readAct } from './act.ts';

/** Lists and calls. Who administers has a credential that was made for it, and does so in their own name. */
export const LENT: ReadonlySet<Access> = new Set(['read', 'execute']);

/**
 * So long a verdict on such a token is remembered: that one was revoked shows in nothing that other processes
 * hear of, and is to hold there within a second.
 */
export const RECHECKED_MS = 500;

const LENDING: ReadonlySet<unknown> = new Set([GRANT_TYPES['token-exchange'], GRANT_TYPES['jwt-bearer']]);

/** Whether a person's token is in hands that the person did not sign in with. */
export const isLent = ({ gty }: Content): boolean => LENDING.has(gty);

/** The agent behind a token of the grant `client_credentials`, as of now. */
export async function judgeAgentToken(
  claims: JWTPayload & { readonly client_id?: unknown; readonly scope?: unknown },
  parts: { readonly artifacts: Artifacts; readonly agents: AgentStandings; readonly issuer: string },
): Promise<Result<Principal, CredentialRefusal>> {
  const { sub, aud, jti, client_id: clientId } = claims;
  if (typeof sub !== 'string' || typeof aud !== 'string' || typeof jti !== 'string' || typeof clientId !== 'string')
    return err({ reason: 'malformed', detail: 'a claim is missing' });
  const record = await parts.artifacts.find('ClientCredentials', jti);
  if (record === undefined) return err({ reason: 'revoked', detail: `token ${jti}` });
  if (record['sub'] !== sub || record['clientId'] !== clientId || record['aud'] !== aud)
    return err({ reason: 'mismatch', detail: `token ${jti} is another's` });
  const standing = await parts.agents.ofAgent(sub);
  if (standing === undefined) return err({ reason: 'disabled', detail: `agent ${sub}` });
  const credential = {
    access: LENT,
    scopes: scopesOf(claims.scope),
    via: Object.freeze({ method: 'token', issuer: parts.issuer, jti } as const),
  };
  return ok(
    Object.freeze({
      ...agentPrincipal(standing.agent, standing, credential),
      ...{ aud, clientId, claims: Object.freeze({ ...claims }) },
    }),
  );
}

/** Who acts, nearest first, where all of them still may; agents that are cut off act for nobody. */
export async function judgeActors(
  claim: unknown,
  agents: AgentStandings,
): Promise<Result<NonNullable<Principal['act']>, CredentialRefusal>> {
  const act = readAct(claim);
  if (act === undefined) return err({ reason: 'malformed', detail: 'no chain of actors that we write' });
  const actors = actorsOf(act);
  for (const { agent, sub } of actors)
    if (agent !== undefined && (await agents.ofAgent(sub)) === undefined)
      return err({ reason: 'disabled', detail: `agent ${sub}` });
  return ok(Object.freeze(actors.map(({ sub }) => Object.freeze({ iss: LOCAL_ISSUER, sub }))));
}

/** The scopes of a `scope` claim. */
export const scopesOf = (scope: unknown): ReadonlySet<string> =>
  new Set(typeof scope === 'string' && scope !== '' ? scope.split(' ') : []);
