/** How an owner stands once its pods were made: the same of an MCPServer and an MCPGateway. Pure. */
import { digestOf } from '../cluster/index.ts';
import type { ExternalAuth, Plan } from '../plan/index.ts';
import { momentsOf } from './moments.ts';
import type { Referred } from './config-maps.ts';
import type { Finding } from './conditions.ts';
import type { Reconciled } from './controller.ts';
import type { OwnerKeys } from './owner-keys.ts';
import type { PodsStatus } from './pods.ts';

export interface OwnerMade {
  readonly resourceUrl: string;
  readonly valid: Finding;
  readonly plan: Plan;
  readonly kept: OwnerKeys;
  readonly pods: PodsStatus;
  readonly externals: readonly ExternalAuth[];
  readonly texts: Referred;
  /** Fields that one kind alone has. */
  readonly more?: Readonly<Record<string, unknown>>;
}

export function ownerReport({ resourceUrl, valid, plan, kept, pods, externals, texts, more }: OwnerMade): Reconciled {
  const { finding, replicas, readyReplicas, selector } = pods;
  const { certificate, client: secretName, spiffeId } = kept;
  const { policies, toolset } = texts;
  return {
    findings: [valid, ...kept.findings, finding],
    status: {
      ...{ replicas, readyReplicas, selector, configHash: plan.configHash, url: resourceUrl, spiffeId },
      ...(certificate !== undefined && { clientCertificate: { secretName, ...momentsOf(certificate) } }),
      references: [
        ...externals.map(({ name, spec }) => ({ kind: 'MCPExternalAuthConfig', name, hash: digestOf(spec) })),
        ...[...policies, ...(toolset === undefined ? [] : [toolset])].map(({ ref, text }) => ({
          ...{ kind: 'ConfigMap', name: ref.name, hash: digestOf(text) },
        })),
      ],
      ...more,
    },
    ...{ due: kept.due, pods },
  };
}
