import { isRecord, reveal, type Secret } from '#kernel';
import { parseOwnerId, type GrantRefusal } from '#contract';
import type { PeerIdentity } from '#tls';
import { subjectOf, type Subject, type SubjectParts } from '../federation/index.ts';
import type { Grants } from '../grants/index.ts';
import type { OwnerMap, OwnersBySpiffeId, ResourceOwner } from '../resources/owner-map.ts';
import type { OwnerRegistrations } from '../resources/registrations.ts';
import { BOUND_ELSEWHERE, NOBODY, SUBJECT, type Judged, type Refused } from './exchange-answer.ts';
import type { InternalExchangeRequest } from './exchange-request.ts';

/** Which of those that are vouched for come in. */
export interface Admission {
  /** Every one without it. */
  readonly namespaces?: readonly string[] | undefined;
  readonly names?: readonly string[] | undefined;
}

/** An owner that stands at the other end, by its certificate. */
export interface PeerOwner {
  readonly identity: PeerIdentity;
  readonly registered: ResourceOwner;
}

export interface ExchangeParts extends Omit<SubjectParts, 'owners'> {
  readonly owners: OwnerMap & OwnersBySpiffeId;
  readonly registrations: Pick<OwnerRegistrations, 'covers'>;
  readonly grants: Pick<Grants, 'upstreamToken'>;
  readonly admission: Admission;
}

/**
 * Tokens of sessions for those of upstreams: who may have which. The order of the steps is that of the design, and the
 * first that fails answers. What the handshake and the certificate say has been judged before.
 */
export class Exchange {
  readonly #parts: ExchangeParts;

  constructor(parts: ExchangeParts) {
    this.#parts = parts;
  }

  /** The owner that a certificate names: of the template, admitted, and registered under exactly this ID. */
  ownerOf(identity: PeerIdentity): PeerOwner | Judged {
    const { owners, admission } = this.#parts;
    const { uri } = identity;
    const id = parseOwnerId(uri);
    if (!id.ok) return { refused: NOBODY, reason: 'not_an_owner', details: { found: id.error } };
    const { namespace, name } = id.value;
    if (admission.namespaces?.includes(namespace) === false)
      return { refused: NOBODY, reason: 'namespace_not_admitted' };
    if (admission.names?.includes(name) === false) return { refused: NOBODY, reason: 'name_not_admitted' };
    const registered = owners.registered(uri);
    return registered === undefined ? { refused: NOBODY, reason: 'owner_not_registered' } : { identity, registered };
  }

  /**
   * The token of the upstream that was asked for, or why not. `certificate`: the thumbprint of the peer's. Rejects
   * where nobody can say now.
   */
  async judge(peer: PeerOwner, request: InternalExchangeRequest, certificate: string): Promise<Judged> {
    const { registered } = peer;
    const [only, ...others] = registered.upstreams;
    const upstream = request.audience ?? (others.length === 0 ? only : undefined);
    if (upstream === undefined) return { refused: UNNAMED, reason: 'audience_missing' };
    if (isBoundElsewhere(request.subjectToken, certificate))
      return { refused: BOUND_ELSEWHERE, reason: 'bound_elsewhere', details: { upstream } };
    const subject = await subjectOf(this.#parts, request.subjectToken, certificate);
    if (!subject.ok) return { refused: SUBJECT, reason: `subject_${subject.error}`, details: { upstream } };
    const { session, upstreams } = subject.value;
    const { userId, owner } = session;
    const details = { upstream, sessionOwner: owner, tsid: session.id, user: userId, client: session.clientId };
    const foreign = await this.#refuseForeign(peer, subject.value);
    if (foreign !== undefined) return { refused: SUBJECT, reason: foreign, details };
    if (!upstreams.includes(upstream)) {
      const reason = registered.upstreams.includes(upstream) ? 'upstream_not_allowed' : 'upstream_not_of_owner';
      return { refused: NOT_THIS_UPSTREAM, reason, details };
    }
    const given = await this.#parts.grants.upstreamToken({ userId, owner, upstream });
    return given.ok ? { granted: given.value, details } : { ...refusalOf(given.error), details };
  }

  /** Why a session is not of the peer: its owner is another, or was another when it began (INT-013, INT-018). */
  async #refuseForeign({ identity, registered }: PeerOwner, { session }: Subject): Promise<string | undefined> {
    const { owners, registrations } = this.#parts;
    if (session.owner !== registered.owner) return 'owner_mismatch';
    // Whose the resource is now; its document may have changed hands since.
    const owned = owners.resolve(session.resource);
    if (owned?.owner !== session.owner || owned.identity?.spiffeId !== identity.uri) return 'owner_changed';
    const isSame = await registrations.covers(session.owner, owned.identity, session.createdAt);
    return isSame ? undefined : 'owner_changed';
  }
}

const UNNAMED: Refused = {
  status: 400,
  error: 'invalid_request',
  description: '`audience` is missing, and this owner does not have exactly one upstream',
};

const NOT_THIS_UPSTREAM: Refused = {
  status: 400,
  error: 'invalid_target',
  description: 'this owner has no such upstream, or the person did not allow it with this session',
};

function refusalOf(refusal: GrantRefusal): { readonly refused: Refused; readonly reason: string } {
  if (refusal.reason === 'unavailable') {
    const description = 'the upstream does not answer; nothing is lost';
    const { retryAfterSeconds } = refusal;
    const refused = { status: 503, error: 'temporarily_unavailable', description, retryAfterSeconds } as const;
    return { refused, reason: 'upstream_unavailable' };
  }
  const description = 'the person has to link the account at the upstream, anew if they did before';
  return { refused: { status: 400, error: 'invalid_grant', description }, reason: 'account_not_linked' };
}

/**
 * Whether a token says that it is bound to another key than that of this certificate (RFC 8705 §3, RFC 9449 §6). Read
 * before the token is verified: so the answer tells whoever sent it nothing that does not stand in the token.
 */
function isBoundElsewhere(token: Secret, certificate: string): boolean {
  const payload = reveal(token).split('.')[1] ?? '';
  try {
    const { cnf } = JSON.parse(Buffer.from(payload, 'base64url').toString()) as { readonly cnf?: unknown };
    if (cnf === undefined) return false;
    return !isRecord(cnf) || Object.keys(cnf).length !== 1 || cnf['x5t#S256'] !== certificate;
  } catch {
    return false;
  }
}
