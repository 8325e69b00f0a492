/** MCPAuthServer: its authority, the list of its owners, and the pods. */
import { DEPLOYMENTS } from '../cluster/index.ts';
import { childName, planAuthServer } from '../plan/index.ts';
import { awaited } from './awaited.ts';
import { momentsOf } from './moments.ts';
import { authoritiesOf } from './config-maps.ts';
import type { Controller, Reconciled } from './controller.ts';
import { keepAuthServerKeys } from './auth-server-keys.ts';
import { deploy, judged } from './deploy.ts';
import { keepHostKeys } from './host-keys.ts';
import { operatorClaims, operatorSecrets, ownerFacts, ownersLeadingTo } from './owners.ts';
import { podsStatus } from './pods.ts';
import { leftToScale } from './replicas.ts';

export const authServerController: Controller<'MCPAuthServer'> = {
  kind: 'MCPAuthServer',
  isHeld: false,
  async reconcile(subject, parts, signal): Promise<Reconciled> {
    const { live, known } = subject;
    const { world, keys, operator } = parts;
    const { name, namespace, spec } = known;
    const snapshot = world.snapshot();
    const { clientAuth } = spec.tls;
    const more = authoritiesOf(world, namespace, clientAuth.caBundleRef, 'spec.tls.clientAuth.caBundleRef');
    if (more.findings.length > 0) return { findings: more.findings, status: {} };
    if ((await keys.read({ namespace, name: `${name}-ca` }, signal)) === undefined) {
      const secrets = ['ca', 'server-cert', 'public-cert', 'intermediate', 'host-keys'].map(
        (word) => `${name}-${word}`,
      );
      const wait = awaited(known, { secrets, claims: [childName.data(name)] }, world);
      if (wait !== undefined) return { findings: [wait], status: {}, due: keys.now() + 60_000 };
    }
    const kept = await keepAuthServerKeys(subject, more.roots, parts, signal);
    // Those of now: one that came while the authority was made has found none, and nothing else would tell it.
    if (kept.isMoved) parts.wake(ownersLeadingTo(known, world.snapshot()));
    const facts = ownerFacts(known, snapshot);
    const plan = planAuthServer({
      resource: { metadata: known, spec },
      owners: facts,
      certificates: {
        server: kept.wishes.serverSecret,
        ...(spec.tls.publicCertRef === undefined && { public: kept.wishes.publicSecret }),
        clientBundle: { name: kept.wishes.bundle, key: 'ca.crt' },
      },
      ...(spec.storage.type === 'postgres' && { hostKeys: await keepHostKeys(known, keys, signal) }),
      operatorSecrets: operatorSecrets(namespace, snapshot),
      operatorClaims: operatorClaims(namespace, snapshot),
      operator,
    });
    const { valid, made } = judged(plan, parts);
    if (made === undefined) return { findings: [valid, ...kept.findings], status: {}, due: kept.due };
    const deployment = world.get(DEPLOYMENTS, { namespace, name });
    const objects = made.objects.map((object) => leftToScale(object, deployment, spec.autoscaling));
    await deploy(live, [...kept.objects, ...objects], parts, signal);
    const pods = podsStatus(world.get(DEPLOYMENTS, { namespace, name }));
    const { finding, replicas, readyReplicas, selector } = pods;
    return {
      findings: [valid, ...kept.findings, finding],
      status: {
        ...{ replicas, readyReplicas, selector, configHash: made.configHash },
        ...{ url: spec.issuer, internalUrl: internalUrl({ namespace, name, port: spec.ports.internal }) },
        ...{ owners: facts.length, upstreams: spec.upstreams.map((upstream) => upstream.name) },
        serverCertificate: { secretName: kept.wishes.serverSecret, ...momentsOf(kept.server) },
      },
      ...{ due: kept.due, pods },
    };
  },
};

/** The internal Service of an authorization server, by the name in its certificate. */
export const internalUrl = ({ namespace, name, port }: { namespace: string; name: string; port: number }): string =>
  `https://${childName.internal(name)}.${namespace}.svc:${port}`;
