/** Whether a certificate is what it should be, and the new one where it is not. */
import { createPrivateKey } from 'node:crypto';
import { reveal, Secret } from '#kernel';
import type { CertificateAuthority, CertificateAuthority as Authority, LeafPurpose } from '#tls';
import { endOf, isIssuedBy, type SigningAuthority } from './authority-state.ts';
import { readCertificates } from './roots.ts';
import { preconditionOf, type KeptSecret, type SecretWrite } from './secret.ts';

/** What a certificate has to say. Names are the operator's to decide, from who the object is. */
export interface LeafWish {
  /** Its Secret, of the type `kubernetes.io/tls`. */
  readonly name: string;
  readonly namespace: string;
  /** The object that it belongs to. */
  readonly ownerUid: string;
  readonly spiffeId?: string | undefined;
  readonly trustDomain?: string | undefined;
  readonly dnsNames: readonly string[];
  readonly purposes: readonly LeafPurpose[];
  readonly durationMs: number;
  readonly renewBeforeMs: number;
}

export type LeafReason =
  /** There is no Secret. */
  | 'missing'
  /** There is no certificate in it, or no key. */
  | 'unreadable'
  | 'key-of-another'
  | 'wrong-names'
  | 'wrong-purposes'
  /** It is of an authority that does not sign any more. */
  | 'wrong-authority'
  /** It lives longer than is wanted by now. */
  | 'too-long'
  | 'ending';

export interface LeafDecision {
  /** Why there has to be another one; undefined where it is as it should be. */
  readonly reason?: LeafReason | undefined;
  /** The other one. Absent also where nobody signs now: it is asked again once somebody does. */
  readonly write?: SecretWrite | undefined;
  readonly isForeign?: true;
  /** Of the one that is there, or was issued now: for the status. Milliseconds since 1970. */
  readonly certificate?: { readonly serial: string; readonly notAfter: number; readonly renewAt: number } | undefined;
}

const LEAST_MS = 60_000;
const SLACK_MS = 10 * 60_000;

/** Decides for the moment `now` (milliseconds since 1970). */
export function decideLeaf(
  ca: CertificateAuthority,
  wish: LeafWish,
  kept: KeptSecret | undefined,
  signer: SigningAuthority | undefined,
  now: number,
): LeafDecision {
  if (kept !== undefined && kept.controllerUid !== wish.ownerUid) return { isForeign: true };
  const [reason, certificate] = judge(ca, wish, kept, signer, now);
  if (reason === undefined) return { certificate };
  if (signer === undefined) return { reason, certificate };
  const issued = ca.issueCertificate(
    signer,
    {
      ...{ spiffeId: wish.spiffeId, trustDomain: wish.trustDomain, dnsNames: wish.dnsNames, addresses: [] },
      ...{ purposes: wish.purposes, lifetimeMs: wish.durationMs, longestMs: ca.LONGEST_AUTHORITY_MS },
    },
    now,
  );
  // An authority between it and the root has to be shown beside it; the root itself nobody needs to be told.
  const between = signer.cert === signer.root ? '' : signer.cert;
  return {
    reason,
    certificate: {
      ...{ serial: issued.serial, notAfter: issued.notAfter },
      renewAt: renewAt(wish, now, issued.notAfter),
    },
    write: {
      ...{ name: wish.name, namespace: wish.namespace, type: 'kubernetes.io/tls' },
      data: { 'tls.crt': new Secret(issued.cert + between), 'tls.key': issued.key, 'ca.crt': new Secret(signer.root) },
      precondition: preconditionOf(kept),
    },
  };
}

function judge(
  ca: Authority,
  wish: LeafWish,
  kept: KeptSecret | undefined,
  signer: SigningAuthority | undefined,
  now: number,
): [LeafReason | undefined, LeafDecision['certificate']?] {
  if (kept === undefined) return ['missing'];
  const { 'tls.crt': chain, 'tls.key': key } = kept.data;
  if (chain === undefined || key === undefined) return ['unreadable'];
  const [leaf] = readCertificates(reveal(chain)) ?? [];
  const facts = leaf && ca.readCertificate(leaf.raw);
  if (facts?.ok !== true || leaf === undefined) return ['unreadable'];
  const { serial, notBefore, notAfter, uris, dnsNames, nameCount, purposes = [], isAuthority } = facts.value;
  const renewing = renewAt(wish, notBefore, notAfter);
  const certificate = { serial, notAfter, renewAt: renewing };
  const matches = keyMatches(leaf, key);
  if (matches === undefined) return ['unreadable'];
  if (!matches) return ['key-of-another'];
  const wantedUris = wish.spiffeId === undefined ? [] : [wish.spiffeId];
  if (!isSame(uris, wantedUris) || !isSame(dnsNames, wish.dnsNames) || nameCount !== uris.length + dnsNames.length)
    return ['wrong-names', certificate];
  if (
    isAuthority ||
    !isSame(
      purposes,
      wish.purposes.map((one) => ca.PURPOSES[one]),
    )
  )
    return ['wrong-purposes', certificate];
  if (signer !== undefined && !isIssuedBy(signer, reveal(chain))) return ['wrong-authority', certificate];
  if (notAfter - now > wish.durationMs + SLACK_MS) return ['too-long', certificate];
  // The authority may end so soon that another one would not last longer.
  const couldEnd = Math.min(now + wish.durationMs, signer === undefined ? Infinity : endOf(signer));
  return [now >= renewing && couldEnd - notAfter >= LEAST_MS ? 'ending' : undefined, certificate];
}

/** Of one that lives shorter than was wanted, since its authority ends before, after half of it at the latest. */
const renewAt = ({ renewBeforeMs, durationMs }: LeafWish, from: number, notAfter: number): number =>
  notAfter - (notAfter - from < durationMs - SLACK_MS ? Math.min(renewBeforeMs, (notAfter - from) / 2) : renewBeforeMs);

function keyMatches(leaf: NonNullable<ReturnType<typeof readCertificates>>[number], key: Secret): boolean | undefined {
  try {
    return leaf.checkPrivateKey(createPrivateKey(reveal(key)));
  } catch {
    return undefined;
  }
}

const isSame = (some: readonly string[], others: readonly string[]): boolean =>
  some.length === others.length && some.toSorted().join('\n') === others.toSorted().join('\n');
