/** What an owner needs of its authorization server: a certificate that says who it is, and whom to trust there. */
import { decideAuthority, ownerCertificateWish, type LeafDecision } from '../certificates/index.ts';
import { ownerOf } from '../cluster/index.ts';
import type { KubernetesObject } from '../kubernetes-object.ts';
import type { AuthServerFacts, ExternalAuth } from '../plan/index.ts';
import { authServerOf, type Known } from '../references/index.ts';
import { internalUrl } from './auth-server.ts';
import { trustMap, trustName, wishesOf } from './auth-server-keys.ts';
import { awaited } from './awaited.ts';
import { isSo, isUnknown, type Finding } from './conditions.ts';
import type { ControllerParts, Subject } from './controller.ts';
import { deploy } from './deploy.ts';
import { OUR_RESOURCES } from './kinds.ts';

/** Secrets are not watched: whoever waits for one looks again, beside being told. */
const LOOK_AGAIN_MS = 5000;
const CLIENT_CERT = { duration: '2160h', renewBefore: '360h' } as const;

export interface OwnerKeys {
  readonly authServer: AuthServerFacts | undefined;
  readonly client: string;
  readonly objects: readonly KubernetesObject[];
  readonly findings: readonly Finding[];
  readonly spiffeId: string | undefined;
  readonly certificate: LeafDecision['certificate'];
  /** Milliseconds since 1970: look again then, even if nobody tells of anything. */
  readonly due: number | undefined;
}

/** `externals` are the ways of its outgoing authorization: those say how long its certificate lives. */
export async function keepOwnerKeys(
  { live, known }: Subject<'MCPServer'> | Subject<'MCPGateway'>,
  externals: readonly ExternalAuth[],
  parts: ControllerParts,
  signal: AbortSignal,
): Promise<OwnerKeys> {
  const { world, keys } = parts;
  const { namespace, name } = known;
  const client = `${name}-client-cert`;
  const nothing: OwnerKeys = {
    ...{ authServer: undefined, client, objects: [], findings: [], spiffeId: undefined, certificate: undefined },
    due: undefined,
  };
  const place = authServerOf(known, world.snapshot());
  const server = place && world.snapshot().get('MCPAuthServer', place.namespace, place.name);
  const liveServer = place && world.get(OUR_RESOURCES.MCPAuthServer, place);
  if (server === undefined || liveServer === undefined) return nothing;

  const { trustDomain } = server.spec.tls.clientAuth;
  const { authority: wish } = wishesOf({ live: liveServer, known: server });
  const authServer = factsOf(server, name);
  const kept = await keys.read(wish, signal);
  // What is stored: the steps of the authority are for the reconcile of its own object to take.
  const { signer, trusted } = decideAuthority(keys.ca, wish, { kept, bundles: [], leaves: [] }, keys.now());
  if (kept === undefined || trusted.length === 0) {
    const message = `\`MCPAuthServer/${server.namespace}/${server.name}\` has no authority yet that could say who this is`;
    const finding = isUnknown('CertificatesReady', 'AuthorityPending', message);
    return { ...nothing, authServer, findings: [finding], due: keys.now() + LOOK_AGAIN_MS };
  }
  if ((await keys.read({ namespace, name: client }, signal)) === undefined) {
    const wait = awaited(known, { secrets: [client], claims: [] }, world);
    if (wait !== undefined) return { ...nothing, authServer, findings: [wait], due: keys.now() + LOOK_AGAIN_MS };
  }
  const trust = trustMap(namespace, name, trusted);
  await deploy(live, [trust], parts, signal, { isAll: false });
  const lasting = externals.flatMap(({ spec }) => ('clientCert' in spec && spec.clientCert) || [])[0] ?? CLIENT_CERT;
  const leafWish = ownerCertificateWish(known, trustDomain, lasting);
  const leaf = await keys.leaf(leafWish, signer, ownerOf(live), signal);
  // The authorization server waits for it when it rotates its authority, and Secrets are not watched.
  if (leaf.isNew) parts.wake([server]);
  const finding =
    leaf.certificate === undefined
      ? isUnknown('CertificatesReady', 'CertificatePending', `nothing signs \`${client}\` now`)
      : isSo('CertificatesReady', 'Issued', `it is \`${leafWish.spiffeId}\``);
  return {
    ...{ authServer, client, objects: [trust], findings: [finding] },
    ...{ spiffeId: leafWish.spiffeId, certificate: leaf.certificate },
    due: leaf.certificate?.renewAt ?? keys.now() + LOOK_AGAIN_MS,
  };
}

/** As an owner sees it. */
function factsOf({ namespace, name, spec }: Known<'MCPAuthServer'>, owner: string): AuthServerFacts {
  const bundle = { name: trustName(owner), key: 'ca.crt' };
  // Where nothing of ours leads to the public port and nobody gave a certificate for it, it shows the one of our authority.
  const showsOurs = spec.tls.publicCertRef === undefined && spec.expose === undefined;
  return {
    ...{ namespace, name, issuer: spec.issuer, bundle },
    internalUrl: internalUrl({ namespace, name, port: spec.ports.internal }),
    ports: { public: spec.ports.public, internal: spec.ports.internal },
    ...(showsOurs && { issuerBundle: bundle }),
    upstreams: spec.upstreams.map((upstream) => upstream.name),
  };
}
