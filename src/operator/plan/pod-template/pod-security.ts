/**
 * Whether a pod keeps to the level "restricted" of Kubernetes' Pod Security Standards, which holds the whole of
 * "baseline". Looked at as JSON: what is asked is what the API server will read, whoever wrote it.
 */
import { isRecord } from '#kernel';
import type { PlanFault } from '../plan.ts';

type Fields = Readonly<Record<string, unknown>>;

const VOLUMES = new Set(
  'configMap csi downwardAPI emptyDir ephemeral persistentVolumeClaim projected secret'.split(' '),
);
const SYSCTLS = new Set([
  ...['kernel.shm_rmid_forced', 'net.ipv4.ip_local_port_range', 'net.ipv4.ip_unprivileged_port_start'],
  ...['net.ipv4.tcp_syncookies', 'net.ipv4.ping_group_range', 'net.ipv4.ip_local_reserved_ports'],
  ...['net.ipv4.tcp_keepalive_time', 'net.ipv4.tcp_fin_timeout', 'net.ipv4.tcp_keepalive_intvl'],
  'net.ipv4.tcp_keepalive_probes',
]);
const SELINUX_TYPES = new Set<unknown>([
  '',
  'container_t',
  'container_init_t',
  'container_kvm_t',
  'container_engine_t',
]);
const SECCOMP = new Set<unknown>(['RuntimeDefault', 'Localhost']);
const APPARMOR_ANNOTATION = 'container.apparmor.security.beta.kubernetes.io/';

const fieldsOf = (value: unknown): Fields => (isRecord(value) ? value : {});
const listOf = (value: unknown): readonly Fields[] => (Array.isArray(value) ? value.map(fieldsOf) : []);

/** Every rule that a PodTemplateSpec breaks; none for one that is admitted. */
export function podSecurityFaults(template: unknown): readonly PlanFault[] {
  const faults: PlanFault[] = [];
  const fault = (path: string, message: string): unknown => faults.push({ path, message });
  const { metadata, spec: written } = fieldsOf(template);
  const spec = fieldsOf(written);
  for (const field of ['hostNetwork', 'hostPID', 'hostIPC'] as const)
    if (spec[field] !== undefined && spec[field] !== false)
      fault(`spec.${field}`, 'a pod shares no namespace with its node');
  for (const [name, profile] of Object.entries(fieldsOf(fieldsOf(metadata)['annotations'])))
    if (name.startsWith(APPARMOR_ANNOTATION) && !/^(?:runtime\/default|localhost\/.+)$/.test(String(profile)))
      fault(`metadata.annotations[${name}]`, 'an AppArmor profile is that of the runtime or one of the node');
  listOf(spec['volumes']).forEach((volume, index) => {
    const kinds = Object.keys(volume).filter((field) => field !== 'name');
    for (const kind of kinds.filter((one) => !VOLUMES.has(one)))
      fault(`spec.volumes[${index}].${kind}`, `\`${kind}\` is no volume that "restricted" lets in`);
  });
  const own = fieldsOf(spec['securityContext']);
  checkContext(own, 'spec.securityContext', fault);
  for (const [index, sysctl] of listOf(own['sysctls']).entries())
    if (!SYSCTLS.has(String(sysctl['name'])))
      fault(`spec.securityContext.sysctls[${index}]`, `\`${String(sysctl['name'])}\` is a sysctl that others feel`);
  for (const list of ['initContainers', 'containers', 'ephemeralContainers'] as const)
    listOf(spec[list]).forEach((container, index) => checkContainer(container, own, `spec.${list}[${index}]`, fault));
  return faults;
}

function checkContainer(
  container: Fields,
  pod: Fields,
  at: string,
  fault: (path: string, message: string) => unknown,
): void {
  const context = fieldsOf(container['securityContext']);
  const path = `${at}.securityContext`;
  checkContext(context, path, fault);
  if (context['privileged'] !== undefined && context['privileged'] !== false)
    fault(`${path}.privileged`, 'no container is privileged');
  if (context['allowPrivilegeEscalation'] !== false)
    fault(`${path}.allowPrivilegeEscalation`, 'say `false`: no process gets more rights than its parent');
  if (context['procMount'] !== undefined && context['procMount'] !== 'Default')
    fault(`${path}.procMount`, '`/proc` is masked: leave it at `Default`');
  if ((context['runAsNonRoot'] ?? pod['runAsNonRoot']) !== true)
    fault(`${path}.runAsNonRoot`, 'say `true`: nobody is root');
  const seccomp = fieldsOf(context['seccompProfile'] ?? pod['seccompProfile']);
  if (!SECCOMP.has(seccomp['type'])) fault(`${path}.seccompProfile`, 'say `RuntimeDefault` or `Localhost`');
  const { drop, add } = fieldsOf(context['capabilities']);
  if (!Array.isArray(drop) || !drop.includes('ALL')) fault(`${path}.capabilities.drop`, 'drop `ALL`');
  if (add !== undefined && (!Array.isArray(add) || add.some((one) => one !== 'NET_BIND_SERVICE')))
    fault(`${path}.capabilities.add`, 'nothing but `NET_BIND_SERVICE` is added');
  listOf(container['ports']).forEach((port, index) => {
    if (port['hostPort'] !== undefined && port['hostPort'] !== 0)
      fault(`${at}.ports[${index}].hostPort`, 'a port of the node is not taken');
  });
  const hooks = fieldsOf(container['lifecycle']);
  const asking = { ...container, postStart: hooks['postStart'], preStop: hooks['preStop'] } as Fields;
  for (const name of ['livenessProbe', 'readinessProbe', 'startupProbe', 'postStart', 'preStop'])
    for (const way of ['httpGet', 'tcpSocket']) {
      const host = fieldsOf(fieldsOf(asking[name])[way])['host'];
      if (host !== undefined && host !== '')
        fault(`${at}.${name}.${way}.host`, 'the kubelet asks the pod and nobody else');
    }
}

/** What a context of a pod and one of a container have in common. */
function checkContext(context: Fields, path: string, fault: (path: string, message: string) => unknown): void {
  if (context['runAsNonRoot'] !== undefined && context['runAsNonRoot'] !== true)
    fault(`${path}.runAsNonRoot`, 'nobody is root');
  if (context['runAsUser'] === 0) fault(`${path}.runAsUser`, 'nobody is root');
  const seccomp = context['seccompProfile'];
  if (seccomp !== undefined && !SECCOMP.has(fieldsOf(seccomp)['type']))
    fault(`${path}.seccompProfile.type`, 'say `RuntimeDefault` or `Localhost`');
  const apparmor = context['appArmorProfile'];
  if (apparmor !== undefined && !SECCOMP.has(fieldsOf(apparmor)['type']))
    fault(`${path}.appArmorProfile.type`, 'say `RuntimeDefault` or `Localhost`');
  const selinux = fieldsOf(context['seLinuxOptions']);
  if (!SELINUX_TYPES.has(selinux['type'] ?? '')) fault(`${path}.seLinuxOptions.type`, 'this is no type of containers');
  for (const field of ['user', 'role'])
    if (![undefined, ''].includes(selinux[field] as string | undefined))
      fault(`${path}.seLinuxOptions.${field}`, 'leave it out');
  if (fieldsOf(context['windowsOptions'])['hostProcess'] === true)
    fault(`${path}.windowsOptions.hostProcess`, 'a container is no process of its node');
}
