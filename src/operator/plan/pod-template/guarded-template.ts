/**
 * `podTemplate` of a resource over the template of ours. What is said is merged as a strategic merge patch would be;
 * what keeps the pod safe is not for it to say, and asking for it is a fault, never half a wish.
 */
import type { V1Container, V1PodTemplateSpec } from '@kubernetes/client-node';
import { err, isRecord, ok, type Result } from '#kernel';
import { CONTAINER_SECURITY } from '../parts/pod.ts';
import { PLACES } from '../parts/names.ts';
import type { PlanFault } from '../plan.ts';
import { podSecurityFaults } from './pod-security.ts';
import { keptFaults, type KeptNames } from './kept.ts';
import { strategicMerge } from './merge.ts';

type Fields = Readonly<Record<string, unknown>>;

/** Variables by which others load code into a process, turn whom it trusts, or stand in for what the operator says. */
const GUARDED_VARIABLE =
  /^(?:LD_.*|DYLD_.*|NODE_.*|SSL_CERT_.*|SSLKEYLOGFILE|OPENSSL_.*|PATH|HOME|CHATELAINE_.*|BASH_ENV|ENV)$/i;

/** Fields of our container that are what the operator made of the resource. */
const OF_CONTAINER = [
  ...['command', 'args', 'workingDir', 'envFrom', 'securityContext', 'lifecycle', 'volumeDevices', 'stdin', 'tty'],
  ...['startupProbe', 'readinessProbe', 'livenessProbe', 'restartPolicy'],
] as const;

/** And of the pod. */
const OF_POD = [
  ...[
    'serviceAccountName',
    'serviceAccount',
    'automountServiceAccountToken',
    'enableServiceLinks',
    'shareProcessNamespace',
  ],
  ...['hostNetwork', 'hostPID', 'hostIPC', 'restartPolicy', 'activeDeadlineSeconds', 'os', 'ephemeralContainers'],
] as const;

export interface GuardOptions {
  /** Of the container that the operator planned: whether it is Chatelaine, of which nothing that counts may change. */
  readonly isOurs: boolean;
  readonly kept?: Partial<KeptNames>;
}

/** The template with their wishes, or everything that stands against them. Faults are under `spec.podTemplate`. */
export function guardedTemplate(
  base: V1PodTemplateSpec,
  wishes: unknown,
  { isOurs, kept: { secrets = [], claims = [] } = {} }: GuardOptions,
): Result<V1PodTemplateSpec, readonly PlanFault[]> {
  if (wishes === undefined) return ok(base);
  const plain = JSON.parse(JSON.stringify(base)) as V1PodTemplateSpec;
  const faults = [...formFaults(wishes, '')];
  if (faults.length > 0) return err(under(faults));
  const merged = hardened(strategicMerge(plain, wishes) as Fields, plain);
  faults.push(...keptFaults(wishes, { secrets, claims }));
  faults.push(...guardFaults(plain, merged, isOurs), ...podSecurityFaults(merged));
  return faults.length > 0 ? err(under(faults)) : ok(merged);
}

const under = (faults: readonly PlanFault[]): PlanFault[] =>
  faults.map(({ path, message }) => ({ path: path === '' ? 'spec.podTemplate' : `spec.podTemplate.${path}`, message }));

const STRUCTURED = ['metadata', 'spec'];
const LISTS = [
  'containers',
  'initContainers',
  'volumes',
  'env',
  'ports',
  'volumeMounts',
  'imagePullSecrets',
  'hostAliases',
];

/** What cannot be merged at all: directives of patches, and lists that are none. */
function formFaults(value: unknown, path: string): readonly PlanFault[] {
  if (path === '' && !isRecord(value)) return [{ path, message: 'this is no PodTemplateSpec' }];
  if (Array.isArray(value)) return value.flatMap((one, index) => formFaults(one, `${path}[${index}]`));
  if (!isRecord(value)) return [];
  return Object.entries(value).flatMap(([name, member]): readonly PlanFault[] => {
    const at = path === '' ? name : `${path}.${name}`;
    if (name.startsWith('$'))
      return [{ path: at, message: `\`${name}\` is a directive of patches, and this is a template` }];
    if (path === '' && !STRUCTURED.includes(name))
      return [{ path: at, message: 'a PodTemplateSpec has `metadata` and `spec`' }];
    if (path === '' && !isRecord(member)) return [{ path: at, message: 'this is no mapping' }];
    if (/^spec(?:\.(?:initContainers|containers)\[\d+\])?$/.test(path) && LISTS.includes(name)) {
      if (!Array.isArray(member) || !member.every(isRecord))
        return [{ path: at, message: 'this is no list of mappings' }];
    }
    return formFaults(member, at);
  });
}

/** Containers that are added say nothing of what they may, and may as little as ours. */
function hardened(merged: Fields, base: V1PodTemplateSpec): V1PodTemplateSpec {
  const known = new Set<unknown>(base.spec?.containers.map(({ name }) => name));
  const harden = (container: Fields): Fields =>
    known.has(container['name'])
      ? container
      : { ...container, securityContext: strategicMerge(CONTAINER_SECURITY, container['securityContext'] ?? {}) };
  const { spec } = merged;
  if (!isRecord(spec)) return merged;
  const lists = (['containers', 'initContainers'] as const).flatMap((name): [string, Fields[]][] => {
    const list = spec[name];
    return Array.isArray(list) ? [[name, list.map(harden)]] : [];
  });
  const whole: Fields = { ...merged, spec: { ...spec, ...Object.fromEntries(lists) } };
  return whole;
}

const isSame = (one: unknown, other: unknown): boolean => JSON.stringify(one) === JSON.stringify(other);

function guardFaults(base: V1PodTemplateSpec, merged: V1PodTemplateSpec, isOurs: boolean): readonly PlanFault[] {
  const faults: PlanFault[] = [];
  const fault = (path: string, message: string): unknown => faults.push({ path, message });
  const [before, after] = [(base.spec ?? {}) as Fields, (merged.spec ?? {}) as Fields];
  const GUARDED = 'the operator says this, and nothing stands over it: leave it out';
  for (const field of OF_POD) if (!isSame(before[field], after[field])) fault(`spec.${field}`, GUARDED);
  for (const [name, value] of Object.entries(base.spec?.securityContext ?? {}))
    if (!isSame(value, (after['securityContext'] as Fields | undefined)?.[name]))
      fault(`spec.securityContext.${name}`, GUARDED);
  const grace = after['terminationGracePeriodSeconds'];
  if (typeof grace !== 'number' || grace < (before['terminationGracePeriodSeconds'] as number))
    fault('spec.terminationGracePeriodSeconds', 'running calls need as long to end: give it more, or leave it out');
  for (const part of ['labels', 'annotations'] as const)
    for (const [name, value] of Object.entries(base.metadata?.[part] ?? {}))
      if (merged.metadata?.[part]?.[name] !== value) fault(`metadata.${part}[${name}]`, GUARDED);
  for (const name of Object.keys(merged.metadata?.labels ?? {}))
    if (base.metadata?.labels?.[name] === undefined && name.startsWith('chatelaine.dev/'))
      fault(`metadata.labels[${name}]`, 'NetworkPolicies know pods by labels of this group: they are the operator’s');
  checkVolumes(before, after, fault);
  checkContainers(base, merged, isOurs, fault);
  return faults;
}

function checkVolumes(before: Fields, after: Fields, fault: (path: string, message: string) => unknown): void {
  const volumes = (after['volumes'] ?? []) as readonly Fields[];
  for (const volume of (before['volumes'] ?? []) as readonly Fields[])
    if (!volumes.some((one) => isSame(one, volume)))
      fault('spec.volumes', `the volume \`${String(volume['name'])}\` is the operator's: leave it as it is`);
  volumes.forEach((volume, index) => {
    const sources = (volume['projected'] as { readonly sources?: unknown } | undefined)?.sources;
    const isToken =
      Array.isArray(sources) && sources.some((one) => isRecord(one) && one['serviceAccountToken'] !== undefined);
    if (isToken) fault(`spec.volumes[${index}].projected`, 'no token of a service account is in these pods');
  });
}

function checkContainers(
  base: V1PodTemplateSpec,
  merged: V1PodTemplateSpec,
  isOurs: boolean,
  fault: (path: string, message: string) => unknown,
): void {
  const [own] = (base.spec?.containers ?? []) as readonly V1Container[];
  const guarded = new Set((base.spec?.volumes ?? []).map(({ name }) => name));
  const lists = ['containers', 'initContainers'] as const;
  if (!(merged.spec?.containers ?? []).some(({ name }) => name === own?.name))
    fault('spec.containers', `there is no container \`${own?.name}\` any more`);
  for (const list of lists)
    for (const [index, container] of (merged.spec?.[list] ?? []).entries()) {
      const path = `spec.${list}[${index}]`;
      if (list === 'containers' && container.name === own?.name) checkOwn(own, container, { path, isOurs, fault });
      else if ((container.volumeMounts ?? []).some(({ name }) => guarded.has(name)))
        fault(`${path}.volumeMounts`, 'keys and state are for the container of the operator alone');
    }
}

function checkOwn(
  before: V1Container,
  after: V1Container,
  {
    path,
    isOurs,
    fault,
  }: { readonly path: string; readonly isOurs: boolean; readonly fault: (path: string, message: string) => unknown },
): void {
  const GUARDED = 'the operator says this, and nothing stands over it: leave it out';
  const ours = (before.volumeMounts ?? []).filter(
    (one) => !(after.volumeMounts ?? []).some((other) => isSame(one, other)),
  );
  for (const { mountPath } of ours)
    fault(`${path}.volumeMounts`, `what is mounted at \`${mountPath}\` is the operator's: leave it as it is`);
  const names = new Set((before.env ?? []).map(({ name }) => name));
  for (const one of before.env ?? [])
    if (!(after.env ?? []).some((other) => isSame(one, other))) fault(`${path}.env[${one.name}]`, GUARDED);
  for (const one of before.ports ?? [])
    if (!(after.ports ?? []).some((other) => isSame(one, other))) fault(`${path}.ports`, GUARDED);
  if (!isOurs) return;
  for (const field of OF_CONTAINER) if (!isSame(before[field], after[field])) fault(`${path}.${field}`, GUARDED);
  for (const { name } of after.env ?? [])
    if (!names.has(name) && GUARDED_VARIABLE.test(name))
      fault(`${path}.env[${name}]`, 'this variable changes what the program is, or whom it trusts');
  const mounted = new Set((before.volumeMounts ?? []).map(({ mountPath }) => mountPath));
  for (const { mountPath } of after.volumeMounts ?? []) {
    if (typeof (mountPath as unknown) !== 'string') {
      fault(`${path}.volumeMounts`, 'a mount says its `mountPath`');
      continue;
    }
    const at = `${mountPath.replace(/\/+$/, '')}/`;
    if (mounted.has(mountPath)) continue;
    if (
      !/^\/[A-Za-z0-9._/-]*$/.test(mountPath) ||
      /(?:^|\/)\.{1,2}(?:\/|$)/.test(mountPath) ||
      Object.values(PLACES).some((place) => `${place}/`.startsWith(at) || at.startsWith(`${place}/`))
    )
      fault(`${path}.volumeMounts`, `\`${mountPath}\` would cover what the operator mounts`);
  }
}
