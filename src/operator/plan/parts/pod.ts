/** A pod of ours before anybody's wishes: who it runs as, what it may write, how it is asked and how it ends. */
import type {
  V1Container,
  V1PodSecurityContext,
  V1PodTemplateSpec,
  V1Probe,
  V1SecurityContext,
  V1Volume,
  V1VolumeMount,
} from '@kubernetes/client-node';
import { CONFIG_HASH, PLACES, USER } from './names.ts';

export const POD_SECURITY: V1PodSecurityContext = {
  ...{ runAsNonRoot: true, runAsUser: USER, runAsGroup: USER, fsGroup: USER },
  fsGroupChangePolicy: 'OnRootMismatch',
  seccompProfile: { type: 'RuntimeDefault' },
};

export const CONTAINER_SECURITY: V1SecurityContext = {
  ...{ allowPrivilegeEscalation: false, privileged: false, readOnlyRootFilesystem: true, runAsNonRoot: true },
  capabilities: { drop: ['ALL'] },
  seccompProfile: { type: 'RuntimeDefault' },
};

/** Endpoints go out of Services while a pod ends: for so long it still answers, and takes what comes late. */
const LAME_SECONDS = 5;
/** `limits.shutdownGrace` is ten, and what ends after it needs a moment as well. */
const GRACE_SECONDS = 30;

export interface ChatelainePod {
  readonly component: string;
  readonly image: string;
  readonly args: readonly string[];
  readonly isTls: boolean;
  readonly ports: Readonly<Record<string, number>>;
  readonly env?: V1Container['env'];
  readonly resources?: V1Container['resources'];
  readonly volumes: readonly V1Volume[];
  readonly volumeMounts: readonly V1VolumeMount[];
  readonly labels: Readonly<Record<string, string>>;
  readonly serviceAccountName: string;
  readonly configHash: string;
}

/** One that runs a command of ours, by the entry point of the image; its port `public` is asked how it is. */
export function chatelainePod(pod: ChatelainePod): V1PodTemplateSpec {
  const probe = (path: string, times: Partial<V1Probe>): V1Probe => ({
    httpGet: { path, port: 'public', scheme: pod.isTls ? 'HTTPS' : 'HTTP' },
    timeoutSeconds: 5,
    ...times,
  });
  return podTemplate(pod, {
    ...{ name: pod.component, image: pod.image, args: [...pod.args] },
    ports: Object.entries(pod.ports).map(([name, containerPort]) => ({ name, containerPort, protocol: 'TCP' })),
    env: [
      { name: 'HOME', value: PLACES.scratch },
      // Goes on record when the process starts (SUP-002).
      { name: 'CHATELAINE_IMAGE', value: pod.image },
      ...(pod.env ?? []),
    ],
    ...(pod.resources !== undefined && { resources: pod.resources }),
    securityContext: CONTAINER_SECURITY,
    volumeMounts: [...pod.volumeMounts, { name: 'scratch', mountPath: PLACES.scratch }],
    startupProbe: probe('/healthz', { periodSeconds: 2, failureThreshold: 90 }),
    readinessProbe: probe('/readyz', { periodSeconds: 5, failureThreshold: 2 }),
    livenessProbe: probe('/healthz', { periodSeconds: 10, failureThreshold: 6 }),
    lifecycle: { preStop: { sleep: { seconds: LAME_SECONDS } } },
  });
}

export function podTemplate(
  pod: Pick<ChatelainePod, 'labels' | 'serviceAccountName' | 'configHash' | 'volumes'>,
  container: V1Container,
): V1PodTemplateSpec {
  return {
    metadata: { labels: { ...pod.labels }, annotations: { [CONFIG_HASH]: pod.configHash } },
    spec: {
      ...{ serviceAccountName: pod.serviceAccountName, automountServiceAccountToken: false },
      // Names of Services as variables would be one more way for others to say something to the process.
      enableServiceLinks: false,
      securityContext: POD_SECURITY,
      terminationGracePeriodSeconds: GRACE_SECONDS,
      containers: [container],
      volumes: [...pod.volumes, { name: 'scratch', emptyDir: { sizeLimit: '256Mi' } }],
    },
  };
}
