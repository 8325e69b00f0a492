/** MCPGateway: the same proxy in front of the servers of a group, as one owner with several upstreams. */
import { DEPLOYMENTS } from '../cluster/index.ts';
import { planMCPGateway, type ExternalAuth, type Member } from '../plan/index.ts';
import { membersOf, type Known, type Snapshot } from '../references/index.ts';
import { referredTexts } from './config-maps.ts';
import { isNot } from './conditions.ts';
import type { Controller, Reconciled } from './controller.ts';
import { deploy, judged } from './deploy.ts';
import { keepHostKeys } from './host-keys.ts';
import { keepOwnerKeys } from './owner-keys.ts';
import { ownerReport } from './owner-report.ts';
import { operatorClaims, operatorSecrets } from './owners.ts';
import { podsStatus } from './pods.ts';

export const gatewayController: Controller<'MCPGateway'> = {
  kind: 'MCPGateway',
  isHeld: false,
  async reconcile(subject, parts, signal): Promise<Reconciled> {
    const { live, known } = subject;
    const { world, keys, operator } = parts;
    const { name, namespace, spec } = known;
    const snapshot = world.snapshot();
    const texts = referredTexts(world, namespace, spec);
    if (texts.findings.length > 0) return { findings: texts.findings, status: {} };

    const members = membersBehind(known, snapshot);
    const externals = members.flatMap(({ external }) => external ?? []);
    const kept = await keepOwnerKeys(subject, externals, parts, signal);
    if (kept.authServer === undefined)
      return {
        findings: [isNot('Valid', 'RefNotFound', 'spec.authServerRef: the MCPAuthServer is not there')],
        status: {},
      };
    if (kept.objects.length === 0) return { findings: kept.findings, status: {}, due: kept.due };
    const group = snapshot.get('MCPGroup', namespace, spec.groupRef.name);
    const plan = planMCPGateway({
      resource: { metadata: known, spec },
      authServer: kept.authServer,
      ...(group?.spec.description !== undefined && { description: group.spec.description }),
      members,
      policies: texts.policies,
      ...(texts.toolset !== undefined && { toolset: texts.toolset }),
      certificates: { client: kept.client },
      ...(spec.storage.type === 'postgres' && { hostKeys: await keepHostKeys(known, keys, signal) }),
      operatorSecrets: operatorSecrets(namespace, snapshot),
      operatorClaims: operatorClaims(namespace, snapshot),
      operator,
    });
    const { valid, made } = judged(plan, parts);
    if (made === undefined) return { findings: [valid, ...kept.findings], status: {}, due: kept.due };
    await deploy(live, [...kept.objects, ...made.objects], parts, signal);
    const pods = podsStatus(world.get(DEPLOYMENTS, { namespace, name }));
    const report = { resourceUrl: spec.resourceUrl, valid, plan: made, kept, pods };
    const servers = members.map(({ resource }) => resource.metadata.name).toSorted();
    return ownerReport({ ...report, externals, texts, more: { servers } });
  },
};

/** Each server of the group, with its own way of outgoing authorization unless the gateway says another. */
function membersBehind(gateway: Known<'MCPGateway'>, snapshot: Snapshot): readonly Member[] {
  const said = new Map(gateway.spec.servers?.map(({ name, externalAuthConfigRef: ref }) => [name, ref?.name]));
  return membersOf(gateway, snapshot).map((server) => {
    const name = said.get(server.name) ?? server.spec.externalAuthConfigRef?.name;
    const config = name === undefined ? undefined : snapshot.get('MCPExternalAuthConfig', gateway.namespace, name);
    const external: ExternalAuth | undefined = config && { name: config.name, spec: config.spec };
    return { resource: { metadata: server, spec: server.spec }, ...(external !== undefined && { external }) };
  });
}
