/** An MCPGateway as the objects that it stands for: the same proxy, in front of the servers of a group. */
import type { MCPGatewaySpec, MCPServerSpec } from '#contract/kubernetes';
import { err, ok } from '#kernel';
import type { OperatorFacts, PlanFault, Planned, PlanResult } from '../plan.ts';
import { configurationText } from '../parts/configuration-text.ts';
import { digestOf } from '../parts/config-hash.ts';
import { documentFaults } from '../parts/document-faults.ts';
import { Family } from '../parts/metadata.ts';
import { Mounts } from '../parts/mounts.ts';
import { childName } from '../parts/names.ts';
import { fromPublic, fromScrapers, networkPolicy, podsOf, toPods } from '../parts/network.ts';
import { chatelainePod } from '../parts/pod.ts';
import { exposed, service } from '../parts/services.ts';
import { stateOf } from '../parts/state.ts';
import { isAlone, toStorage } from '../parts/storage.ts';
import { configMap, deployment, disruptionBudget, serviceAccount } from '../parts/workload.ts';
import { guardedTemplate } from '../pod-template/guarded-template.ts';
import { accessOf } from './access.ts';
import type { AuthServerFacts, ExternalAuth, OwnerCertificates, ReferredText } from './facts.ts';
import { outgoing } from './outgoing-auth.ts';
import { distinct, labelsWithGroup } from './plan-mcp-server.ts';
import {
  addressVariables,
  policiesOf,
  proxyEgress,
  proxyFiles,
  PROXY_FILES,
  PROXY_PORTS,
  proxyServerDocument,
} from './proxy.ts';
import { referredDocuments } from './referred-documents.ts';
import { DEFAULT_PORT, remoteEntry } from './server-entry.ts';

/** An MCPServer of the group, and what its own object or the gateway names as its outgoing authorization. */
export interface Member {
  readonly resource: Planned<MCPServerSpec>;
  readonly external?: ExternalAuth;
}

export interface MCPGatewayInput {
  readonly resource: Planned<MCPGatewaySpec>;
  readonly authServer: AuthServerFacts;
  /** `spec.description` of the MCPGroup. */
  readonly description?: string;
  readonly members: readonly Member[];
  readonly policies?: readonly ReferredText[];
  readonly toolset?: ReferredText;
  readonly certificates: OwnerCertificates;
  /** Of the port of the gateway, for the others of its kind: the name in its certificate and whoever vouches for it. */
  readonly serving?: { readonly name: string; readonly bundle: { readonly name: string; readonly key: string } };
  readonly hostKeys?: string;
  readonly operatorSecrets?: readonly string[];
  /** Claims of volumes that it makes there: no pod but the one that it is for has one. */
  readonly operatorClaims?: readonly string[];
  readonly operator: OperatorFacts;
}

export function planMCPGateway(input: MCPGatewayInput): PlanResult {
  const { resource, authServer, certificates, operator } = input;
  const { spec } = resource;
  const family = new Family('MCPGateway', resource);
  const { name, namespace } = family;
  const mounts = new Mounts(input.operatorSecrets);
  const kept = { secrets: input.operatorSecrets ?? [], claims: input.operatorClaims ?? [] };
  const members = input.members.toSorted((one, other) =>
    one.resource.metadata.name < other.resource.metadata.name ? -1 : 1,
  );
  const pathOf = (index: number): string => `spec.servers[${members[index]?.resource.metadata.name}]`;
  const externals = members.flatMap(({ external }, index) =>
    external === undefined ? [] : [{ external, path: pathOf(index) }],
  );
  const access = accessOf({ resource, authServer, externals, certificates, mounts });
  const prefixes = new Map(spec.servers?.map(({ name: of, prefix }) => [of, prefix]));
  const behind = members.map(({ resource: server, external }, index) => {
    const sent = outgoing(external, { authServer, mounts, path: pathOf(index) });
    const { name: of } = server.metadata;
    return {
      sent,
      server,
      entry: remoteEntry(server, { name: of, prefix: prefixes.get(of), auth: sent.auth }, mounts),
    };
  });
  const faults: PlanFault[] = behind.flatMap(({ server }, index) =>
    server.spec.transport === 'stdio'
      ? [
          {
            path: pathOf(index),
            message: 'a server over standard streams is reached by its own proxy alone: take it out of the group',
          },
        ]
      : [],
  );
  for (const of of prefixes.keys())
    if (!members.some(({ resource: server }) => server.metadata.name === of))
      faults.push({ path: `spec.servers[${of}]`, message: `there is no MCPServer \`${of}\` in the group` });
  const policies = referredDocuments(
    (input.policies ?? []).map((one, index) => ({ ...one, path: `spec.policyRefs[${index}]` })),
    'policy',
  );
  const toolset = referredDocuments(
    input.toolset === undefined ? [] : [{ ...input.toolset, path: 'spec.toolsetRef' }],
    'toolset',
  );
  const isTls = certificates.serving !== undefined;
  const serving = input.serving && { name: input.serving.name, bundle: mounts.configMap(input.serving.bundle) };
  const mounted = new Map(behind.flatMap(({ sent }) => sent.mounted.map((one) => [one.name, one])));
  const server = proxyServerDocument({
    ...{ publicUrl: spec.resourceUrl, access, mounted: [...mounted.values()], commands: [], serving },
    ...{ storage: spec.storage, replicas: spec.replicas, certificates, mounts },
  });
  const documents = {
    server,
    access: [
      access.authService,
      ...behind.map(({ entry }) => entry),
      ...toolset.documents,
      ...(input.description === undefined ? [] : [{ kind: 'group', description: input.description }]),
    ],
    policies: policiesOf(policies.documents, {
      issuer: access.issuer,
      servers: members.map((member) => member.resource.metadata.name),
    }),
  };
  const state = stateOf(family, 'proxy', { storage: spec.storage, hostKeys: input.hostKeys });
  const config = childName.config(name);
  const args = ['proxy', ...state.args];
  const configHash = digestOf({ server: configurationText([server]), args });
  const base = chatelainePod({
    ...{ component: 'proxy', args, isTls, configHash, ports: PROXY_PORTS, image: spec.image ?? operator.image },
    ...{ env: addressVariables(spec.storage, isTls), resources: spec.resources },
    volumes: [...state.volumes({ [config]: PROXY_FILES }), ...mounts.volumes()],
    volumeMounts: [...state.volumeMounts, ...mounts.volumeMounts()],
    labels: labelsWithGroup(family.labels('proxy'), spec.groupRef.name),
    serviceAccountName: name,
  });
  const template = guardedTemplate(base, spec.podTemplate, { isOurs: true, kept });
  faults.push(
    ...[mounts, access, policies, toolset, state, ...behind.map(({ sent }) => sent)].flatMap((one) => one.faults),
    ...documentFaults([server, ...documents.access, ...documents.policies]),
    ...(template.ok ? [] : template.error),
  );
  if (!template.ok || faults.length > 0) return err(distinct(faults));
  const siblings = { podSelector: { matchLabels: family.selector('proxy') } };
  return ok({
    configHash,
    objects: [
      serviceAccount(family, name, 'proxy'),
      configMap(family, config, 'proxy', proxyFiles(documents)),
      ...state.objects,
      deployment(family, {
        ...{
          name,
          component: 'proxy',
          isAlone: isAlone(spec.storage),
          template: template.value,
          replicas: spec.replicas,
        },
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
        ingress: [fromPublic(spec.network, PROXY_PORTS.public, [siblings]), fromScrapers(PROXY_PORTS.metrics)],
        egress: [
          ...proxyEgress({
            ...{ authServer, network: spec.network, namespace },
            urls: [...access.urls, ...behind.flatMap(({ sent }) => sent.urls)],
            servers: behind.flatMap(({ server: { spec: of } }) => of.url ?? []),
          }),
          ...toStorage(spec.storage, namespace),
          ...(isAlone(spec.storage) ? [] : [toPods(siblings, PROXY_PORTS.public)]),
          ...behind.flatMap(({ server: { metadata, spec: of } }) =>
            of.url === undefined
              ? [toPods(podsOf('MCPServer', namespace, metadata.name, 'server'), of.port ?? DEFAULT_PORT)]
              : [],
          ),
        ],
      }),
      ...disruptionBudget(family, name, 'proxy', spec.replicas),
    ],
  });
}
