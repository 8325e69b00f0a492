/** MCPServer: a proxy, and the server behind it where that runs here. */
import { DEPLOYMENTS } from '../cluster/index.ts';
import { childName, planMCPServer, type ExternalAuth } from '../plan/index.ts';
import { referredTexts } from './config-maps.ts';
import type { Controller, Reconciled } from './controller.ts';
import { deploy, judged } from './deploy.ts';
import { keepOwnerKeys } from './owner-keys.ts';
import { ownerReport } from './owner-report.ts';
import { operatorClaims, operatorSecrets } from './owners.ts';
import { podsStatus } from './pods.ts';

export const serverController: Controller<'MCPServer'> = {
  kind: 'MCPServer',
  isHeld: false,
  async reconcile(subject, parts, signal): Promise<Reconciled> {
    const { live, known } = subject;
    const { world, operator } = parts;
    const { name, namespace, spec } = known;
    const snapshot = world.snapshot();
    const texts = referredTexts(world, namespace, spec);
    if (texts.findings.length > 0) return { findings: texts.findings, status: {} };

    const config =
      spec.externalAuthConfigRef && snapshot.get('MCPExternalAuthConfig', namespace, spec.externalAuthConfigRef.name);
    const external: ExternalAuth | undefined = config && { name: config.name, spec: config.spec };
    const kept = await keepOwnerKeys(subject, external === undefined ? [] : [external], parts, signal);
    if (kept.authServer !== undefined && kept.objects.length === 0)
      return { findings: kept.findings, status: {}, due: kept.due };
    const plan = planMCPServer({
      resource: { metadata: known, spec },
      ...(kept.authServer !== undefined && { authServer: kept.authServer }),
      ...(external !== undefined && { external }),
      policies: texts.policies,
      ...(texts.toolset !== undefined && { toolset: texts.toolset }),
      certificates: { client: kept.client },
      operatorSecrets: operatorSecrets(namespace, snapshot),
      operatorClaims: operatorClaims(namespace, snapshot),
      operator,
    });
    const { valid, made } = judged(plan, parts);
    if (made === undefined) return { findings: [valid, ...kept.findings], status: {}, due: kept.due };
    await deploy(live, [...kept.objects, ...made.objects], parts, signal);
    const runsHere = spec.image !== undefined && spec.transport !== 'stdio';
    const proxy = world.get(DEPLOYMENTS, { namespace, name });
    // `spec.replicas` is of the server: whoever scales it counts these pods, and finds them by their selector.
    const pods = runsHere
      ? podsStatus(world.get(DEPLOYMENTS, { namespace, name: childName.server(name) }), [proxy])
      : podsStatus(proxy);
    const report = { resourceUrl: spec.resourceUrl, valid, plan: made, kept, pods };
    return ownerReport({ ...report, externals: external === undefined ? [] : [external], texts });
  },
};
