/** The authority and the certificates of an authorization server, and whom its owners are told to trust. */
import { ChatelaineError, isRecord, type Result } from '#kernel';
import {
  authServerWishes,
  bundleData,
  certificateReadiness,
  offeredAuthority,
  OWN_ROOTS_KEY,
  readAuthorityState,
  type AuthorityView,
  type AuthServerWishes,
  type KeptSecret,
  type LeafDecision,
  type Root,
  type SigningAuthority,
} from '../certificates/index.ts';
import { CERTIFICATES, CONFIG_MAPS, ownerOf, type ObjectName } from '../cluster/index.ts';
import type { KubernetesObject } from '../kubernetes-object.ts';
import type { Known, Snapshot } from '../references/index.ts';
import { isNot, isSo, isUnknown, type Finding } from './conditions.ts';
import type { ControllerParts, Subject } from './controller.ts';
import { deploy } from './deploy.ts';
import { chainOf, rootOf, type Keys } from './keys.ts';
import { ownersLeadingTo } from './owners.ts';
import type { World } from './world.ts';

/** On an MCPAuthServer: an authority that was made before this moment (RFC 3339) is replaced. */
export const ROTATE_ANNOTATION = 'chatelaine.dev/rotate-authority';

export const trustName = (name: string): string => `${name}-trust`;

export function wishesOf({ live, known }: Subject<'MCPAuthServer'>, offered?: SigningAuthority): AuthServerWishes {
  const asked = Date.parse(live.metadata.annotations?.[ROTATE_ANNOTATION] ?? '');
  return authServerWishes(known, known.spec, { madeAfter: Number.isNaN(asked) ? undefined : asked, offered });
}

/** The ConfigMap with whom to trust. */
export const trustMap = (
  namespace: string,
  name: string,
  own: readonly Root[],
  more: readonly Root[] = [],
): KubernetesObject => ({
  ...{ apiVersion: 'v1', kind: 'ConfigMap', metadata: { namespace, name: trustName(name) } },
  data: bundleData(own, more),
});

export interface AuthServerKeys {
  readonly wishes: AuthServerWishes;
  readonly trust: KubernetesObject;
  readonly objects: readonly KubernetesObject[];
  readonly findings: readonly Finding[];
  readonly server: LeafDecision['certificate'];
  readonly due: number | undefined;
  /** Something changed that owners wait for. */
  readonly isMoved: boolean;
}

export async function keepAuthServerKeys(
  subject: Subject<'MCPAuthServer'>,
  more: readonly Root[],
  parts: ControllerParts,
  signal: AbortSignal,
): Promise<AuthServerKeys> {
  const { live, known } = subject;
  const { world, keys, applier } = parts;
  const owner = ownerOf(live);
  const findings: Finding[] = [];
  const offer = await offeredBy(subject, parts, signal);
  // Nobody asks cert-manager any more: first of all it is to leave its Secrets alone, whose names ours have.
  const certificates = world.childrenOf(owner.uid).filter(({ kind }) => kind === CERTIFICATES.kind);
  if (wishesOf(subject).certManager.length === 0) await applier.prune(certificates, { owner, desired: [], signal });
  findings.push(...offer.findings);
  const wishes = wishesOf(subject, offer.authority);
  const authority = await keys.authority(
    wishes.authority,
    (kept) => viewOf(known, wishes, kept, { world, keys, snapshot: world.snapshot() }, signal),
    owner,
    signal,
  );
  const trust = trustMap(known.namespace, known.name, authority.trusted, more);
  // A root is trusted before anything that it signed is shown.
  await deploy(live, [trust], parts, signal, { isAll: false });
  const due = [authority.due];
  let server: LeafDecision['certificate'];
  for (const wish of wishes.leaves) {
    const leaf = await keys.leaf(wish, authority.signer, owner, signal);
    due.push(leaf.certificate?.renewAt);
    if (wish.name === wishes.serverSecret) server = leaf.certificate;
    if (leaf.certificate === undefined)
      findings.push(isUnknown('CertificatesReady', 'CertificatePending', `nothing signs \`${wish.name}\` yet`));
  }
  if (findings.length === 0) findings.push(isSo('CertificatesReady', 'Issued', 'every certificate is there and good'));
  return {
    ...{ wishes, trust, findings, server, objects: [...offer.objects, trust], isMoved: authority.steps > 0 },
    due: earliest(due),
  };
}

interface Offer {
  readonly authority?: SigningAuthority;
  readonly objects: readonly KubernetesObject[];
  readonly findings: readonly Finding[];
}

/** What cert-manager has made so far, where it is asked to. */
async function offeredBy(
  subject: Subject<'MCPAuthServer'>,
  parts: ControllerParts,
  signal: AbortSignal,
): Promise<Offer> {
  const { live, known } = subject;
  const { world, keys } = parts;
  const { certManager: objects, intermediateSecret } = wishesOf(subject);
  if (intermediateSecret === undefined) return { objects, findings: [] };
  if (!world.isWatched(CERTIFICATES)) {
    const message =
      'cert-manager is not installed in this cluster: install it, or leave `spec.tls.serverCert.issuerRef` out';
    return { objects: [], findings: [isNot('CertificatesReady', 'CertManagerMissing', message)] };
  }
  await deploy(live, objects, parts, signal, { isAll: false });
  const findings = objects
    .map((object) => certificateReadiness(world.get(CERTIFICATES, object.metadata)))
    .filter(({ isReady }) => !isReady)
    .map(({ reason, message }) => isUnknown('CertificatesReady', reason, message));
  const secret = await keys.read({ namespace: known.namespace, name: intermediateSecret }, signal);
  if (secret === undefined) return { objects, findings };
  const authority: Result<SigningAuthority, string> = offeredAuthority(
    keys.ca,
    secret,
    known.spec.tls.clientAuth.trustDomain,
  );
  return authority.ok
    ? { authority: authority.value, objects, findings }
    : { objects, findings: [...findings, isNot('CertificatesReady', 'AuthorityUnusable', authority.error)] };
}

interface Seen {
  readonly world: World;
  readonly keys: Keys;
  readonly snapshot: Snapshot;
}

/** Every bundle and certificate that depends on the authority. While it only signs, nobody has to be asked for. */
async function viewOf(
  known: Known<'MCPAuthServer'>,
  wishes: AuthServerWishes,
  kept: KeptSecret | undefined,
  { world, keys, snapshot }: Seen,
  signal: AbortSignal,
): Promise<Omit<AuthorityView, 'kept'>> {
  const owners = ownersLeadingTo(known, snapshot);
  const bundles = [known, ...owners].map(({ namespace, name }) =>
    dataOf(world.get(CONFIG_MAPS, { namespace, name: trustName(name) })),
  );
  const state = readAuthorityState(kept);
  if (state.active !== undefined && state.next === undefined && state.previous.length === 0)
    return { bundles, leaves: [] };
  const read = (names: readonly ObjectName[]) => Promise.all(names.map((name) => readable(keys, name, signal)));
  const own = await read(wishes.leaves);
  const ofOwners = await read(owners.map(({ namespace, name }) => ({ namespace, name: `${name}-client-cert` })));
  // Of another namespace, whoever writes there could put a root of their own among those that everybody trusts.
  // And what is left of an object of this name that is gone was never of this one.
  const trust = world.get(CONFIG_MAPS, { namespace: known.namespace, name: trustName(known.name) });
  const isOwn = trust?.metadata.ownerReferences?.some(({ uid }) => uid === known.uid) === true;
  const kin = own.filter((secret) => secret?.controllerUid === known.uid);
  const evidence = [...(isOwn ? [bundles[0]?.[OWN_ROOTS_KEY]] : []), ...kin.map(rootOf)];
  return { bundles, leaves: [...own, ...ofOwners.filter((secret) => secret !== undefined)].map(chainOf), evidence };
}

/** Where Secrets may not be read, none was written either. */
async function readable(keys: Keys, name: ObjectName, signal: AbortSignal): Promise<KeptSecret | undefined> {
  try {
    return await keys.read(name, signal);
  } catch (error) {
    if (error instanceof ChatelaineError && error.code === 'SECRETS_FORBIDDEN') return undefined;
    throw error;
  }
}

function dataOf(object: KubernetesObject | undefined): Readonly<Record<string, string>> | undefined {
  return isRecord(object?.['data']) ? (object['data'] as Readonly<Record<string, string>>) : undefined;
}

export const earliest = (moments: readonly (number | undefined)[]): number | undefined =>
  moments.reduce((least, one) => (one === undefined || (least !== undefined && least <= one) ? least : one), undefined);
