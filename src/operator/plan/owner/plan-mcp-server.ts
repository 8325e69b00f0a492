/**
 * An MCPServer as the objects that it stands for: the proxy, and what runs the image beside it. They are two pods: the one
 * with somebody else's program has neither the certificate of the owner nor tokens of anybody who does not call it.
 */
import type { MCPServerSpec } from '#contract/kubernetes';
import { err, ok } from '#kernel';
import type { KubernetesObject } from '../../kubernetes-object.ts';
import type { OperatorFacts, PlanFault, Planned, PlanResult } from '../plan.ts';
import { configurationText } from '../parts/configuration-text.ts';
import { digestOf } from '../parts/config-hash.ts';
import { documentFaults } from '../parts/document-faults.ts';
import { Family, GROUP_LABEL, selectorOf } from '../parts/metadata.ts';
import { Mounts } from '../parts/mounts.ts';
import { childName } from '../parts/names.ts';
import {
  DNS,
  fromPeers,
  fromPublic,
  fromScrapers,
  networkPolicy,
  podsOf,
  toOutside,
  toPods,
} from '../parts/network.ts';
import { chatelainePod } from '../parts/pod.ts';
import { exposed, service } from '../parts/services.ts';
import { stateOf } from '../parts/state.ts';
import { configMap, deployment, disruptionBudget, serviceAccount } from '../parts/workload.ts';
import { guardedTemplate } from '../pod-template/guarded-template.ts';
import { accessOf } from './access.ts';
import { childProcess } from './child-process.ts';
import type { AuthServerFacts, ExternalAuth, OwnerCertificates, ReferredText } from './facts.ts';
import { outgoing } from './outgoing-auth.ts';
import { policiesOf, proxyEgress, proxyFiles, PROXY_FILES, PROXY_PORTS, proxyServerDocument } from './proxy.ts';
import { referredDocuments } from './referred-documents.ts';
import { DEFAULT_PORT, remoteEntry } from './server-entry.ts';
import { serverPod, templateFor } from './server-pod.ts';

export interface MCPServerInput {
  readonly resource: Planned<MCPServerSpec>;
  /** The MCPAuthServer of `authServerRef`, or of its outgoing authorization; none where that is elsewhere. */
  readonly authServer?: AuthServerFacts;
  /** What `externalAuthConfigRef` names. */
  readonly external?: ExternalAuth;
  /** What `policyRefs` name, in their order. */
  readonly policies?: readonly ReferredText[];
  /** What `toolsetRef` names. */
  readonly toolset?: ReferredText;
  readonly certificates: OwnerCertificates;
  readonly operatorSecrets?: readonly string[];
  /** Claims of volumes that it makes there: no pod but the one that it is for has one. */
  readonly operatorClaims?: readonly string[];
  readonly operator: OperatorFacts;
}

/** What policies and the record call the server. */
export const BACK_END = 'upstream';
const STORAGE = { type: 'sqlite' } as const;

export function planMCPServer(input: MCPServerInput): PlanResult {
  const { resource, authServer, external, certificates, operator } = input;
  const { spec } = resource;
  const family = new Family('MCPServer', resource);
  const { name, namespace } = family;
  const mounts = new Mounts(input.operatorSecrets);
  const kept = { secrets: input.operatorSecrets ?? [], claims: input.operatorClaims ?? [] };
  const isChild = spec.transport === 'stdio';
  const hasPod = spec.image !== undefined && !isChild;
  const at = 'spec.externalAuthConfigRef';
  const externals = external === undefined ? [] : [{ external, path: at }];
  const access = accessOf({ resource, authServer, externals, certificates, mounts });
  const sent = outgoing(external, { authServer, mounts, path: at });
  const child = isChild ? childProcess(resource, BACK_END, mounts) : undefined;
  const entry = child?.entry ?? remoteEntry(resource, { name: BACK_END, prefix: '', auth: sent.auth }, mounts);
  const policies = referredDocuments(
    (input.policies ?? []).map((one, index) => ({ ...one, path: `spec.policyRefs[${index}]` })),
    'policy',
  );
  const toolset = referredDocuments(
    input.toolset === undefined ? [] : [{ ...input.toolset, path: 'spec.toolsetRef' }],
    'toolset',
  );
  const server = proxyServerDocument({
    ...{ publicUrl: spec.resourceUrl, access, mounted: sent.mounted, commands: child?.commands ?? [] },
    ...{ storage: STORAGE, replicas: 1, certificates, mounts },
  });
  const documents = {
    server,
    access: [access.authService, entry, ...toolset.documents],
    policies: policiesOf(policies.documents, { issuer: access.issuer, servers: [BACK_END] }),
  };
  const state = stateOf(family, 'proxy', { storage: STORAGE });
  const config = childName.config(name);
  const args = ['proxy', ...state.args];
  const configHash = digestOf({ server: configurationText([server]), args });
  const base = chatelainePod({
    ...{ component: 'proxy', args, isTls: certificates.serving !== undefined, configHash, ports: PROXY_PORTS },
    image: (isChild ? spec.image : undefined) ?? spec.proxy.image ?? operator.image,
    resources: isChild ? (spec.resources ?? spec.proxy.resources) : spec.proxy.resources,
    volumes: [...state.volumes({ [config]: PROXY_FILES }), ...mounts.volumes()],
    volumeMounts: [...state.volumeMounts, ...mounts.volumeMounts()],
    labels: labelsWithGroup(family.labels('proxy'), spec.groupRef?.name),
    serviceAccountName: name,
  });
  const proxy = guardedTemplate(base, templateFor(spec.podTemplate, 'proxy', !hasPod), { isOurs: true, kept });
  const guard = new Mounts(input.operatorSecrets);
  const own = hasPod ? serverObjects(input, family, guard) : { objects: [], faults: [] };
  const faults: PlanFault[] = [
    ...[mounts, guard, access, sent, policies, toolset, state, own].flatMap((one) => one.faults),
    ...(child?.faults ?? []),
    ...(isChild && external !== undefined && external.spec.type !== 'none'
      ? [
          {
            path: at,
            message: 'a child process is sent no header that a token could go into: `env` gives it what it needs',
          },
        ]
      : []),
    ...documentFaults([server, ...documents.access, ...documents.policies]),
    ...(proxy.ok ? [] : proxy.error),
  ];
  if (!hasPod && spec.replicas > 1)
    faults.push({
      path: 'spec.replicas',
      message:
        'the one pod is the proxy, and its record is in one place: more than one is for an MCPGateway with PostgreSQL',
    });
  if (!proxy.ok || faults.length > 0) return err(distinct(faults));
  const isTls = certificates.serving !== undefined;
  const elsewhere = spec.url === undefined ? [] : [spec.url];
  return ok({
    configHash,
    objects: [
      serviceAccount(family, name, 'proxy'),
      configMap(family, config, 'proxy', { ...proxyFiles(documents), ...child?.files }),
      ...state.objects,
      deployment(family, {
        ...{ name, component: 'proxy', isAlone: true, template: proxy.value, replicas: Math.min(1, spec.replicas) },
      }),
      service(family, { name, component: 'proxy', port: 'public', number: PROXY_PORTS.public, isTls }),
      service(family, {
        ...{
          name: childName.metrics(name),
          component: 'proxy',
          port: 'metrics',
          number: PROXY_PORTS.metrics,
          isTls: false,
        },
      }),
      ...exposed(family, spec.expose, { component: 'proxy', url: spec.resourceUrl, number: PROXY_PORTS.public }),
      networkPolicy(family, name, 'proxy', {
        ingress: [fromPublic(spec.network, PROXY_PORTS.public), fromScrapers(PROXY_PORTS.metrics)],
        egress: [
          ...proxyEgress({
            authServer,
            network: spec.network,
            namespace,
            urls: [...access.urls, ...sent.urls],
            servers: elsewhere,
          }),
          ...(hasPod ? [toPods(podsOf('MCPServer', namespace, name, 'server'), spec.port ?? DEFAULT_PORT)] : []),
        ],
      }),
      ...own.objects,
    ],
  });
}

/** Pods of gateways over a group are known by it. */
export const labelsWithGroup = (labels: Record<string, string>, group: string | undefined): Record<string, string> =>
  group === undefined ? labels : { ...labels, [GROUP_LABEL]: group };

function serverObjects(
  { resource, operatorSecrets: secrets = [], operatorClaims: claims = [] }: MCPServerInput,
  family: Family,
  guard: Mounts,
): { readonly objects: readonly KubernetesObject[]; readonly faults: readonly PlanFault[] } {
  const { spec } = resource;
  const { name: of } = family;
  const name = childName.server(of);
  const port = spec.port ?? DEFAULT_PORT;
  const template = guardedTemplate(serverPod(resource, family, guard), templateFor(spec.podTemplate, 'server', true), {
    isOurs: false,
    kept: { secrets, claims },
  });
  if (!template.ok) return { objects: [], faults: template.error };
  const gateways = {
    ...{
      podSelector: { matchLabels: { 'chatelaine.dev/kind': 'MCPGateway', [GROUP_LABEL]: spec.groupRef?.name ?? '' } },
    },
  };
  const callers = [
    { podSelector: { matchLabels: selectorOf('MCPServer', of, 'proxy') } },
    ...(spec.groupRef === undefined ? [] : [gateways]),
  ];
  return {
    faults: [],
    objects: [
      serviceAccount(family, name, 'server'),
      deployment(family, {
        name,
        component: 'server',
        isAlone: false,
        template: template.value,
        replicas: spec.replicas,
      }),
      service(family, {
        ...{ name, component: 'server', port: 'mcp', number: port, isTls: false },
        // Sessions lie in the memory of a pod; revisions without them go to any.
        isSticky: spec.protocol !== 'stateless',
      }),
      networkPolicy(family, name, 'server', {
        ingress: fromPeers(callers, port),
        egress: [DNS, ...toOutside(spec.network)],
      }),
      ...disruptionBudget(family, name, 'server', spec.replicas),
    ],
  };
}

/** One wish can break one rule in two pods. */
export const distinct = (faults: readonly PlanFault[]): readonly PlanFault[] => [
  ...new Map(faults.map((fault) => [`${fault.path}\n${fault.message}`, fault])).values(),
];
