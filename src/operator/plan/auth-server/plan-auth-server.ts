/** An MCPAuthServer as the objects that it stands for. */
import { err, ok } from '#kernel';
import type { MCPAuthServerSpec } from '#contract/kubernetes';
import type { OperatorFacts, Planned, PlanResult } from '../plan.ts';
import { configurationText } from '../parts/configuration-text.ts';
import { documentFaults } from '../parts/document-faults.ts';
import { digestOf } from '../parts/config-hash.ts';
import { Family } from '../parts/metadata.ts';
import { Mounts } from '../parts/mounts.ts';
import { childName } from '../parts/names.ts';
import { DNS, fromPeers, fromPublic, fromScrapers, networkPolicy, toOutside } from '../parts/network.ts';
import { chatelainePod } from '../parts/pod.ts';
import { exposed, service } from '../parts/services.ts';
import { stateOf } from '../parts/state.ts';
import { isAlone, toStorage } from '../parts/storage.ts';
import { autoscaler, configMap, deployment, disruptionBudget, serviceAccount } from '../parts/workload.ts';
import { guardedTemplate } from '../pod-template/guarded-template.ts';
import { ownerDocuments, ownerPeers, type OwnerFacts } from './owner-map.ts';
import { authServerDocument, replicasOf, type AuthServerCertificates } from './server-document.ts';
import { upstreamDocuments, urlsOfUpstream } from './upstream-documents.ts';

export interface AuthServerInput {
  readonly resource: Planned<MCPAuthServerSpec>;
  readonly owners: readonly OwnerFacts[];
  readonly certificates: AuthServerCertificates;
  /** The Secret with the keys that all its pods have; needed with PostgreSQL (`hostKeysSecret`). */
  readonly hostKeys?: string;
  /** Secrets that the operator writes in this namespace: no field of the resource may name one. */
  readonly operatorSecrets?: readonly string[];
  /** Claims of volumes that it makes there: no pod but the one that it is for has one. */
  readonly operatorClaims?: readonly string[];
  readonly operator: OperatorFacts;
}

const COMPONENT = 'authserver';

export function planAuthServer(input: AuthServerInput): PlanResult {
  const { resource, owners, certificates, operator } = input;
  const { spec } = resource;
  const family = new Family('MCPAuthServer', resource);
  const { name } = family;
  const mounts = new Mounts(input.operatorSecrets);
  const kept = { secrets: input.operatorSecrets ?? [], claims: input.operatorClaims ?? [] };
  const server = authServerDocument(resource, certificates, mounts);
  const upstreams = upstreamDocuments(spec.upstreams, mounts);
  const trustDomain = spec.tls.clientAuth.trustDomain;
  const map = ownerDocuments(owners, trustDomain);
  const state = stateOf(family, COMPONENT, { storage: spec.storage, hostKeys: input.hostKeys });
  const config = {
    [childName.config(name)]: ['server.yaml', 'upstreams.yaml'],
    [childName.owners(name)]: ['owners.yaml'],
  };
  const args = ['serve', ...state.args];
  const configHash = digestOf({ server: configurationText([server]), args });
  const base = chatelainePod({
    ...{ component: COMPONENT, image: spec.image ?? operator.image, args, isTls: true, configHash },
    ports: { ...spec.ports },
    resources: spec.resources,
    volumes: [...state.volumes(config), ...mounts.volumes()],
    volumeMounts: [...state.volumeMounts, ...mounts.volumeMounts()],
    labels: family.labels(COMPONENT),
    serviceAccountName: name,
  });
  const template = guardedTemplate(base, spec.podTemplate, { isOurs: true, kept });
  const faults = [
    ...mounts.faults,
    ...state.faults,
    ...documentFaults([server, ...upstreams, ...map]),
    ...(template.ok ? [] : template.error),
  ];
  if (!template.ok || faults.length > 0) return err(faults);
  const alone = isAlone(spec.storage);
  const { ports, network } = spec;
  const siblings = { podSelector: { matchLabels: family.selector(COMPONENT) } };
  return ok({
    configHash,
    objects: [
      serviceAccount(family, name, COMPONENT),
      configMap(family, childName.config(name), COMPONENT, {
        'server.yaml': configurationText([server]),
        'upstreams.yaml': configurationText(upstreams),
      }),
      configMap(family, childName.owners(name), COMPONENT, { 'owners.yaml': configurationText(map) }),
      ...state.objects,
      deployment(family, {
        ...{ name, component: COMPONENT, isAlone: alone, template: template.value },
        replicas: spec.autoscaling === undefined ? spec.replicas : undefined,
      }),
      service(family, { name, component: COMPONENT, port: 'public', number: ports.public, isTls: true }),
      service(family, {
        ...{ name: childName.internal(name), component: COMPONENT },
        ...{ port: 'internal', number: ports.internal, isTls: true },
      }),
      service(family, {
        ...{ name: childName.metrics(name), component: COMPONENT },
        ...{ port: 'metrics', number: ports.metrics, isTls: false },
      }),
      ...exposed(family, spec.expose, { component: COMPONENT, url: spec.issuer, number: ports.public }),
      networkPolicy(family, name, COMPONENT, {
        ingress: [
          fromPublic(network, ports.public, [siblings]),
          ...fromPeers(ownerPeers(owners), ports.internal),
          fromScrapers(ports.metrics),
        ],
        egress: [
          DNS,
          ...toStorage(spec.storage, family.namespace),
          ...toOutside(network, spec.upstreams.flatMap(urlsOfUpstream)),
        ],
      }),
      ...disruptionBudget(family, name, COMPONENT, replicasOf(spec)),
      ...autoscaler(family, COMPONENT, spec.autoscaling),
    ],
  });
}
