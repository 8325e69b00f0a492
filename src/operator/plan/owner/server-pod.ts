/** The pod of an MCP server: its image, and nothing of Chatelaine's. */
import type { V1PodTemplateSpec } from '@kubernetes/client-node';
import type { MCPServerSpec } from '#contract/kubernetes';
import type { Planned } from '../plan.ts';
import { digestOf } from '../parts/config-hash.ts';
import type { Family } from '../parts/metadata.ts';
import type { Mounts } from '../parts/mounts.ts';
import { childName, PLACES } from '../parts/names.ts';
import { CONTAINER_SECURITY, podTemplate } from '../parts/pod.ts';
import { DEFAULT_PORT } from './server-entry.ts';

/** Kubelets put variables where `$(NAME)` stands in a command, an argument or a value; `$$` is a dollar. */
const plain = (text: string): string => text.replaceAll('$', '$$$$');

/** `guard` has the Secrets of the operator, of which no variable may be. */
export function serverPod({ spec }: Planned<MCPServerSpec>, family: Family, guard: Mounts): V1PodTemplateSpec {
  const port = spec.port ?? DEFAULT_PORT;
  const container = {
    ...{ name: 'server', image: spec.image as string },
    ...(spec.command !== undefined && { command: spec.command.map(plain) }),
    ...(spec.args !== undefined && { args: spec.args.map(plain) }),
    env: (spec.env ?? []).map(({ name, value = '', secretRef }, index) => {
      if (secretRef === undefined) return { name, value: plain(value) };
      guard.secret(secretRef, `spec.env[${index}].secretRef`);
      return { name, valueFrom: { secretKeyRef: { ...secretRef } } };
    }),
    ports: [{ name: 'mcp', containerPort: port, protocol: 'TCP' }],
    ...(spec.resources !== undefined && { resources: spec.resources }),
    securityContext: CONTAINER_SECURITY,
    volumeMounts: [{ name: 'scratch', mountPath: PLACES.scratch }],
    readinessProbe: { tcpSocket: { port: 'mcp' }, periodSeconds: 5 },
    startupProbe: { tcpSocket: { port: 'mcp' }, periodSeconds: 2, failureThreshold: 90 },
  };
  const labels = family.labels('server');
  return podTemplate(
    { labels, serviceAccountName: childName.server(family.name), volumes: [], configHash: digestOf(container) },
    container,
  );
}

/** Of one `podTemplate` the part that is for a pod: containers by name, and those that are added for one of the two. */
export function templateFor(wishes: unknown, own: 'proxy' | 'server', takesOthers: boolean): unknown {
  if (typeof wishes !== 'object' || wishes === null || !('spec' in wishes)) return wishes;
  const { spec } = wishes as { readonly spec: unknown };
  if (typeof spec !== 'object' || spec === null) return wishes;
  const kept = Object.entries(spec as Readonly<Record<string, unknown>>).flatMap(
    ([field, value]): [string, unknown][] => {
      if (field === 'initContainers' && !takesOthers) return [];
      if (field !== 'containers' || !Array.isArray(value)) return [[field, value]];
      const other = own === 'proxy' ? 'server' : 'proxy';
      const list = value.filter((one: unknown) => {
        const name = typeof one === 'object' && one !== null && 'name' in one ? one.name : undefined;
        return name === own || (takesOthers && name !== other);
      });
      return [[field, list]];
    },
  );
  return { ...wishes, spec: Object.fromEntries(kept) };
}
