/** The pod template and its defaults, shared by Pod and Deployment. */
import { child, isObject, type JsonObject, listAt, text, plain } from '../json.ts';
import type { Schema } from '../schema.ts';
import {
  always,
  anything,
  atomic,
  bool,
  int,
  intOrString,
  keyed,
  labelSelector,
  list,
  localReference,
  map,
  objectMeta,
  or,
  quantity,
  str,
  struct,
} from './dialect.ts';

const httpGet = struct({
  path: str,
  port: intOrString,
  host: str,
  scheme: or(str, 'HTTP'),
  httpHeaders: list(struct({ name: str, value: str })),
});
const handler = {
  exec: struct({ command: list(str) }),
  httpGet,
  tcpSocket: struct({ port: intOrString, host: str }),
};
const probe = struct({
  ...handler,
  grpc: struct({ port: int, service: or(str, '') }),
  initialDelaySeconds: int,
  timeoutSeconds: or(int, 1),
  periodSeconds: or(int, 10),
  successThreshold: or(int, 1),
  failureThreshold: or(int, 3),
  terminationGracePeriodSeconds: int,
});
const lifecycleHandler = struct({ ...handler, sleep: struct({ seconds: int }) });
const seccompProfile = struct({ type: str, localhostProfile: str });
const keySelector = atomic(struct({ name: str, key: str, optional: bool }));
const container = struct({
  name: str,
  image: str,
  command: list(str),
  args: list(str),
  workingDir: str,
  ports: keyed(
    ['containerPort', 'protocol'],
    struct({ name: str, hostPort: int, containerPort: int, protocol: or(str, 'TCP'), hostIP: str }),
  ),
  envFrom: list(
    struct({
      prefix: str,
      configMapRef: struct({ name: str, optional: bool }),
      secretRef: struct({ name: str, optional: bool }),
    }),
  ),
  env: keyed(
    ['name'],
    struct({
      name: str,
      value: str,
      valueFrom: struct({
        fieldRef: atomic(struct({ apiVersion: or(str, 'v1'), fieldPath: str })),
        resourceFieldRef: atomic(struct({ containerName: str, resource: str, divisor: quantity })),
        configMapKeyRef: keySelector,
        secretKeyRef: keySelector,
      }),
    }),
  ),
  resources: always(
    or(struct({ limits: map(quantity), requests: map(quantity), claims: keyed(['name'], struct({ name: str })) }), {}),
  ),
  volumeMounts: keyed(
    ['mountPath'],
    struct({
      name: str,
      readOnly: bool,
      mountPath: str,
      subPath: str,
      subPathExpr: str,
      mountPropagation: str,
      recursiveReadOnly: str,
    }),
  ),
  livenessProbe: probe,
  readinessProbe: probe,
  startupProbe: probe,
  lifecycle: struct({ postStart: lifecycleHandler, preStop: lifecycleHandler, stopSignal: str }),
  terminationMessagePath: or(str, '/dev/termination-log'),
  terminationMessagePolicy: or(str, 'File'),
  imagePullPolicy: str,
  restartPolicy: str,
  securityContext: struct({
    capabilities: struct({ add: list(str), drop: list(str) }),
    privileged: bool,
    seLinuxOptions: anything,
    runAsUser: int,
    runAsGroup: int,
    runAsNonRoot: bool,
    readOnlyRootFilesystem: bool,
    allowPrivilegeEscalation: bool,
    procMount: str,
    seccompProfile,
    appArmorProfile: seccompProfile,
  }),
  stdin: bool,
  stdinOnce: bool,
  tty: bool,
});
const items = list(struct({ key: str, path: str, mode: int }));
const volume = struct({
  name: str,
  emptyDir: struct({ medium: str, sizeLimit: quantity }),
  secret: struct({ secretName: str, items, defaultMode: or(int, 420), optional: bool }),
  configMap: struct({ name: str, items, defaultMode: or(int, 420), optional: bool }),
  persistentVolumeClaim: struct({ claimName: str, readOnly: bool }),
  projected: struct({ sources: list(anything), defaultMode: or(int, 420) }),
  downwardAPI: struct({ items: list(anything), defaultMode: or(int, 420) }),
  csi: struct({
    driver: str,
    readOnly: bool,
    fsType: str,
    volumeAttributes: map(str),
    nodePublishSecretRef: localReference,
  }),
  hostPath: struct({ path: str, type: or(str, '') }),
  ephemeral: anything,
});

export const podSpec: Schema = struct({
  volumes: keyed(['name'], volume),
  initContainers: keyed(['name'], container),
  containers: keyed(['name'], container),
  restartPolicy: or(str, 'Always'),
  terminationGracePeriodSeconds: or(int, 30),
  activeDeadlineSeconds: int,
  dnsPolicy: or(str, 'ClusterFirst'),
  nodeSelector: atomic(map(str)),
  serviceAccountName: str,
  serviceAccount: str,
  automountServiceAccountToken: bool,
  nodeName: str,
  hostNetwork: bool,
  hostPID: bool,
  hostIPC: bool,
  hostUsers: bool,
  shareProcessNamespace: bool,
  securityContext: or(
    struct({
      seLinuxOptions: anything,
      runAsUser: int,
      runAsGroup: int,
      runAsNonRoot: bool,
      supplementalGroups: list(int),
      supplementalGroupsPolicy: str,
      fsGroup: int,
      fsGroupChangePolicy: str,
      sysctls: list(struct({ name: str, value: str })),
      seccompProfile,
      appArmorProfile: seccompProfile,
    }),
    {},
  ),
  imagePullSecrets: keyed(['name'], localReference),
  hostname: str,
  subdomain: str,
  affinity: anything,
  schedulerName: or(str, 'default-scheduler'),
  tolerations: list(struct({ key: str, operator: str, value: str, effect: str, tolerationSeconds: int })),
  hostAliases: keyed(['ip'], struct({ ip: str, hostnames: list(str) })),
  priorityClassName: str,
  priority: int,
  dnsConfig: anything,
  readinessGates: list(anything),
  runtimeClassName: str,
  enableServiceLinks: bool,
  preemptionPolicy: str,
  overhead: map(quantity),
  topologySpreadConstraints: keyed(
    ['topologyKey', 'whenUnsatisfiable'],
    struct({
      maxSkew: int,
      topologyKey: str,
      whenUnsatisfiable: str,
      labelSelector,
      minDomains: int,
      nodeAffinityPolicy: str,
      nodeTaintsPolicy: str,
      matchLabelKeys: list(str),
    }),
  ),
  os: struct({ name: str }),
  resources: struct({ limits: map(quantity), requests: map(quantity) }),
});

export const podTemplate: Schema = struct({ metadata: always(objectMeta), spec: always(podSpec) });

const pullPolicy = (image: string): string => {
  const tag = /:([^:/@]+)$/.exec(image)?.[1];
  return !image.includes('@') && (tag === undefined || tag === 'latest') ? 'Always' : 'IfNotPresent';
};

/** What depends on other fields: how an image is pulled, and the old name of the service account's field. */
export function defaultPodSpec(spec: JsonObject): void {
  const account = text(spec['serviceAccountName']);
  if (account !== '') spec['serviceAccount'] = account;
  for (const one of [...listAt(spec, 'containers'), ...listAt(spec, 'initContainers')]) {
    if (!isObject(one)) continue;
    one['imagePullPolicy'] ??= pullPolicy(text(one['image']));
    for (const kind of ['limits', 'requests']) {
      const amounts = child(one['resources'], kind);
      for (const [name, amount] of Object.entries(amounts)) amounts[name] = canonicalQuantity(plain(amount));
    }
  }
}

/** A quantity as the server writes it: half a gibibyte is 512 mebibytes. */
export function canonicalQuantity(amount: string): string {
  const [, number = '', suffix = ''] = /^([0-9.]+)([KMGTPE]i)$/.exec(amount) ?? [];
  if (!number.includes('.')) return amount;
  const suffixes = ['', 'Ki', 'Mi', 'Gi', 'Ti', 'Pi', 'Ei'];
  let [value, at] = [Number(number), suffixes.indexOf(suffix)];
  while (!Number.isInteger(value) && at > 0) [value, at] = [value * 1024, at - 1];
  return `${Math.ceil(value)}${suffixes[at] ?? ''}`;
}
