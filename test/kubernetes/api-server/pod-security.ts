/** The warning a namespace at pod security level `restricted` gives for workloads whose pods it would refuse. */
import { type ApiObject, child, isObject, type Json, listAt, text } from './json.ts';

const level = 'pod-security.kubernetes.io/enforce';

const named = (containers: readonly Json[]): string => {
  const names = containers.map((one) => JSON.stringify(text(isObject(one) ? one['name'] : '')));
  return `container${names.length === 1 ? '' : 's'} ${names.join(', ')}`;
};

const security = (of: Json): ReturnType<typeof child> => child(of, 'securityContext');

export function podSecurityWarnings(namespace: ApiObject | undefined, workload: ApiObject): string[] {
  if (workload.kind !== 'Deployment' || namespace?.metadata.labels?.[level] !== 'restricted') return [];
  const pod = child(child(child(workload, 'spec'), 'template'), 'spec');
  const containers = [...listAt(pod, 'initContainers'), ...listAt(pod, 'containers')];
  const found: string[] = [];
  const check = (title: string, wrong: (container: Json) => boolean, duty: string, who = ''): void => {
    const bad = containers.filter(wrong);
    if (bad.length > 0) found.push(`${title} (${who}${named(bad)} must ${duty})`);
  };
  check('privileged', (one) => security(one)['privileged'] === true, 'not set securityContext.privileged=true');
  check(
    'allowPrivilegeEscalation != false',
    (one) => security(one)['allowPrivilegeEscalation'] !== false,
    'set securityContext.allowPrivilegeEscalation=false',
  );
  check(
    'unrestricted capabilities',
    (one) => !listAt(child(security(one), 'capabilities'), 'drop').includes('ALL'),
    'set securityContext.capabilities.drop=["ALL"]',
  );
  check(
    'runAsNonRoot != true',
    (one) => (security(one)['runAsNonRoot'] ?? security(pod)['runAsNonRoot']) !== true,
    'set securityContext.runAsNonRoot=true',
    'pod or ',
  );
  check(
    'seccompProfile',
    (one) => {
      const profile = security(one)['seccompProfile'] ?? security(pod)['seccompProfile'];
      return !['RuntimeDefault', 'Localhost'].includes(text(isObject(profile) ? profile['type'] : ''));
    },
    'set securityContext.seccompProfile.type to "RuntimeDefault" or "Localhost"',
    'pod or ',
  );
  return found.length === 0 ? [] : [`would violate PodSecurity "restricted:latest": ${found.join(', ')}`];
}
