/** An authority as its Secret keeps it. All that is known of a rotation is here. */
import { createPrivateKey, X509Certificate } from 'node:crypto';
import { z } from 'zod';
import { reveal, Secret } from '#kernel';
import { distinct, printRoots, readCertificates, readRoots, type Root } from './roots.ts';
import type { KeptSecret } from './secret.ts';

/** What signs: its certificate with those between it and the root, PEM, the issuing one first. */
export interface SigningAuthority {
  readonly cert: string;
  readonly key: Secret;
  /** The roots that vouch for it, PEM; of an authority of ours itself. */
  readonly root: string;
}

/** Moments are milliseconds since 1970. */
export interface AuthorityState {
  readonly active?: SigningAuthority | undefined;
  /** Trusted, and does not sign yet. */
  readonly next?: SigningAuthority | undefined;
  /** Roots of those that do not sign any more; their keys are gone. */
  readonly previous: readonly Root[];
  readonly preparedAt?: number | undefined;
  /** Since when every bundle holds the next one. */
  readonly distributedAt?: number | undefined;
  readonly activatedAt?: number | undefined;
  /** Since when every certificate is signed by the active one. */
  readonly replacedAt?: number | undefined;
}

const moment = z.number().int().optional();
const momentsSchema = z.strictObject({
  preparedAt: moment,
  distributedAt: moment,
  activatedAt: moment,
  replacedAt: moment,
});

/** What of it can be used. An authority without its key is one that does not sign any more, and stays trusted. */
export function readAuthorityState(kept: KeptSecret | undefined): AuthorityState {
  if (kept === undefined) return { previous: [] };
  const text = (key: string): string | undefined => kept.data[key] && reveal(kept.data[key]);
  const slot = (name: string): SigningAuthority | undefined => {
    const [cert, key, root] = [text(`${name}.crt`), kept.data[`${name}.key`], text(`${name}.root`)];
    const one = cert !== undefined && key !== undefined && root !== undefined ? { cert, key, root } : undefined;
    return one !== undefined && isUsable(one) ? one : undefined;
  };
  const [active, next] = [slot('active'), slot('next')];
  const lost = [active ?? 'active', next ?? 'next'].filter((one) => typeof one === 'string');
  const orphans = lost.flatMap((name) => readRoots(text(`${name}.root`)));
  return {
    ...{ active, next },
    previous: distinct([...readRoots(text('previous.root')), ...orphans]),
    ...momentsOf(text('moments.json')),
  };
}

function momentsOf(text: string | undefined): z.output<typeof momentsSchema> {
  try {
    return momentsSchema.parse(JSON.parse(text ?? '{}'));
  } catch {
    // As if nothing had been waited for: all that follows is that it is waited for again.
    return {};
  }
}

export function authorityData(state: AuthorityState): Readonly<Record<string, Secret>> {
  const slot = (name: string, one: SigningAuthority | undefined): Record<string, Secret> =>
    one === undefined
      ? {}
      : { [`${name}.crt`]: new Secret(one.cert), [`${name}.key`]: one.key, [`${name}.root`]: new Secret(one.root) };
  const { preparedAt, distributedAt, activatedAt, replacedAt } = state;
  return {
    ...slot('active', state.active),
    ...slot('next', state.next),
    ...(state.previous.length > 0 && { 'previous.root': new Secret(printRoots(state.previous)) }),
    'moments.json': new Secret(JSON.stringify({ preparedAt, distributedAt, activatedAt, replacedAt })),
  };
}

/** Whether the key is that of the certificate, and the certificate that of an authority with a root. */
export function isUsable({ cert, key, root }: SigningAuthority): boolean {
  try {
    const [issuing] = readCertificates(cert) ?? [];
    return issuing?.ca === true && readRoots(root).length > 0 && issuing.checkPrivateKey(createPrivateKey(reveal(key)));
  } catch {
    return false;
  }
}

/** When what it signs ends at the latest. */
export const endOf = ({ cert }: SigningAuthority): number => new X509Certificate(cert).validToDate.getTime();

/** Whether the first certificate of a chain is of this authority. */
export function isIssuedBy({ cert }: SigningAuthority, chain: string): boolean {
  const [leaf] = readCertificates(chain) ?? [];
  const issuing = new X509Certificate(cert);
  return leaf !== undefined && leaf.checkIssued(issuing) && leaf.verify(issuing.publicKey);
}
