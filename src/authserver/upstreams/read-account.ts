import type { UpstreamIdentity } from '#identity';
import { isRecord, type ChatelaineError } from '#kernel';
import { checkAllowed } from './check-allowed.ts';
import { textAt, textsAt, valueAt, type Claims } from './claims.ts';
import { upstreamError } from './errors.ts';
import type { OAuth2Protocol, OpenidProtocol, Upstream } from './upstream.ts';
import type { TokenAnswer } from './provider.ts';
import type { UpstreamProvider } from './upstream-provider.ts';

/** Somebody's account at a provider, verified and allowed. */
export interface UpstreamAccount {
  readonly identity: UpstreamIdentity;
  /** Whoever gave the tokens does not say whose they are. */
  readonly isNameless?: true;
  /** How and when the provider authenticated them, where it says so. */
  readonly acr: string | undefined;
  /** RFC 8176; empty where the provider says nothing. */
  readonly amr: readonly string[];
  readonly authTime: number | undefined;
}

/**
 * Who the tokens belong to. Throws `UPSTREAM_UNTRUSTED` for an answer that does not say it beyond doubt,
 * `LEG_NOT_ALLOWED` for an account that the configuration does not let in, and as `UpstreamProvider` does.
 */
export async function readAccount(provider: UpstreamProvider, answer: TokenAnswer): Promise<UpstreamAccount> {
  const { upstream } = provider;
  const { protocol } = upstream;
  return protocol.kind === 'openid'
    ? await readOpenid(provider, protocol, answer)
    : await readOAuth2(provider, upstream, protocol, answer);
}

async function readOpenid(
  provider: UpstreamProvider,
  protocol: OpenidProtocol,
  { tokens, claims: proven }: TokenAnswer,
): Promise<UpstreamAccount> {
  const { upstream } = provider;
  const subject = proven?.['sub'];
  if (proven === undefined || typeof subject !== 'string') throw untrusted(upstream, 'there is no ID token');
  const more = protocol.userinfo ? await provider.userinfo(tokens.accessToken, subject) : undefined;
  // What is signed wins over what is only said.
  const claims = { ...more, ...proven };
  const acr = textAt(proven, 'acr');
  if (protocol.requiredAcr?.includes(acr ?? '') === false) {
    throw upstreamError(
      'LEG_NOT_ALLOWED',
      `the upstream \`${upstream.name}\` did not authenticate as \`requiredAcr\` asks`,
    );
  }
  const { subjectPrefixClaim, organizationClaim, groupsClaim } = protocol;
  const prefix = subjectPrefixClaim === undefined ? '' : `${textAt(claims, subjectPrefixClaim) ?? ''}/`;
  if (prefix === '/')
    throw untrusted(upstream, `\`${subjectPrefixClaim}\` is missing, without which \`sub\` means nobody`);
  const verified = claims['email_verified'];
  const email = verified === true || verified === 'true' ? textAt(claims, 'email') : undefined;
  checkAllowed(upstream, {
    claims,
    addresses: email === undefined ? [] : [email],
    organizations: organizationClaim === undefined ? [] : textsAt(claims, organizationClaim),
  });
  const authTime = proven['auth_time'];
  return {
    identity: {
      issuer: upstream.issuer,
      subject: prefix + subject,
      preferredName: textAt(claims, 'preferred_username'),
      displayName: textAt(claims, 'name'),
      email,
      groups: groupsOf(upstream, claims, groupsClaim),
    },
    acr,
    amr: textsAt(proven, 'amr'),
    authTime: typeof authTime === 'number' ? authTime * 1000 : undefined,
  };
}

async function readOAuth2(
  provider: UpstreamProvider,
  upstream: Upstream,
  protocol: OAuth2Protocol,
  { tokens }: TokenAnswer,
): Promise<UpstreamAccount> {
  const { fields, emailsEndpoint, organizationsEndpoint, organizationField } = protocol;
  const claims = await provider.readApi(protocol.userinfoEndpoint, tokens.accessToken);
  if (!isRecord(claims)) throw untrusted(upstream, 'the userinfo is no object');
  const id = valueAt(claims, fields.subject);
  const subject = typeof id === 'number' && Number.isSafeInteger(id) ? String(id) : id;
  if (typeof subject !== 'string' || subject === '') throw untrusted(upstream, `\`${fields.subject}\` names nobody`);
  const listed =
    emailsEndpoint === undefined
      ? undefined
      : verifiedAddresses(await provider.readApi(emailsEndpoint, tokens.accessToken));
  const own = fields.emailVerified !== undefined && valueAt(claims, fields.emailVerified) === true;
  const written = fields.email === undefined ? undefined : textAt(claims, fields.email);
  const addresses = listed ?? (own && written !== undefined ? [written] : []);
  const organizations = organizationsEndpoint
    ? itemsOf(await provider.readApi(organizationsEndpoint, tokens.accessToken)).flatMap(
        (one) => textAt(one, organizationField) ?? [],
      )
    : [];
  const email = checkAllowed(upstream, { claims, addresses, organizations });
  return {
    identity: {
      issuer: upstream.issuer,
      subject,
      preferredName: fields.username === undefined ? undefined : textAt(claims, fields.username),
      displayName: fields.name === undefined ? undefined : textAt(claims, fields.name),
      email,
      groups: protocol.organizationsAsGroups ? organizations : groupsOf(upstream, claims, fields.groups),
    },
    acr: undefined,
    amr: [],
    authTime: undefined,
  };
}

/**
 * The names of the groups. Nothing said is no group: those of an earlier sign-in must not outlive it. More
 * than fit into a token (Entra and others then name a place to ask) is refused and not cut, since a policy
 * may forbid something to one of them.
 */
function groupsOf(upstream: Upstream, claims: Claims, claim: string | undefined): readonly string[] {
  if (claim === undefined) return [];
  const elsewhere = claims['_claim_names'];
  if (isRecord(elsewhere) && Object.hasOwn(elsewhere, claim)) {
    throw untrusted(upstream, `the person is in more groups than \`${claim}\` holds; let the provider name fewer`);
  }
  const value = valueAt(claims, claim);
  if (value === undefined || value === null) return [];
  const names = Array.isArray(value) ? (value as readonly unknown[]) : [value];
  if (names.every((name) => typeof name === 'string')) return names;
  throw untrusted(upstream, `\`${claim}\` is no list of names`);
}

/** As GitHub lists them; the primary one first. */
function verifiedAddresses(list: unknown): readonly string[] {
  return itemsOf(list)
    .filter((one) => one['verified'] === true)
    .toSorted((one, other) => Number(other['primary'] === true) - Number(one['primary'] === true))
    .flatMap((one) => textAt(one, 'email') ?? []);
}

const itemsOf = (list: unknown): readonly Claims[] => (Array.isArray(list) ? list.filter(isRecord) : []);

const untrusted = (upstream: Upstream, why: string): ChatelaineError =>
  upstreamError('UPSTREAM_UNTRUSTED', `what the upstream \`${upstream.name}\` says of the person is refused: ${why}`);
