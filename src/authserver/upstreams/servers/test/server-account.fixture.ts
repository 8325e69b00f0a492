/** People who link accounts at the authorization server of an MCP server: the whole leg, and the grant. */
import { provisionUser, operator } from '#identity';
import { reveal, type Secret } from '#kernel';
import type { FinishedLeg, LegRequest, LegUser } from '#authserver';
import type { ProtectedServer } from '#contract';
import type { TestDialect } from '../../../../../test/databases.ts';
import {
  finish,
  OWNER,
  PUBLIC_URL,
  startFederation,
  visit,
  type Federation,
} from '../../../test/federation.fixture.ts';
import { NAME } from './scripted-server.fixture.ts';

/** A process that knows these servers. */
export const startWith = (
  servers: readonly ProtectedServer[],
  { dialect = 'sqlite', publicUrl = PUBLIC_URL }: { readonly dialect?: TestDialect; readonly publicUrl?: URL } = {},
): Promise<Federation> =>
  startFederation(
    dialect,
    () => [],
    undefined,
    () => servers,
    publicUrl,
  );

export async function somebody({ identity, users }: Federation, name = 'ana'): Promise<LegUser> {
  const account = { issuer: 'https://idp.test', subject: name, preferredName: name };
  const { user } = await provisionUser({ frame: identity.frame, users }, { door: 'oauth' }, account);
  return { id: user.id, issuer: account.issuer, subject: name };
}

export const wish = (user: LegUser, more: Partial<LegRequest> = {}) =>
  ({ upstream: NAME, purpose: { kind: 'link', user }, owner: OWNER, returnTo: '/', ...more }) as const;

/** There and back; `ok`, or the code and the message of what was wrong. */
export async function outcomeOf(
  federation: Federation,
  user: LegUser,
  more: Partial<LegRequest> = {},
): Promise<string> {
  const { outcome } = await finish(federation, await visit(federation.legs, wish(user, more)), { user });
  return outcome.ok ? 'ok' : outcome.error.error.code;
}

/** There and back, and the tokens are kept. */
export async function link(
  federation: Federation,
  user: LegUser,
  more: Partial<LegRequest> = {},
): Promise<FinishedLeg> {
  const { outcome } = await finish(federation, await visit(federation.legs, wish(user, more)), { user });
  if (!outcome.ok) throw outcome.error.error;
  const leg = outcome.value;
  await federation.grants.save({ userId: user.id, owner: OWNER, upstream: NAME }, leg, operator().origin);
  return leg;
}

/** The token that whoever runs tools is given, or why there is none. */
export async function tokenOf(
  { grants }: Pick<Federation, 'grants'>,
  user: LegUser,
  refused?: Secret,
): Promise<string> {
  const answer = await grants.upstreamToken({ userId: user.id, owner: OWNER, upstream: NAME }, { refused });
  return answer.ok ? reveal(answer.value.accessToken) : answer.error.reason;
}
