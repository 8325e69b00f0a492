/** Service: addresses, ports and their defaults. */
import { isIP } from 'node:net';
import { type ApiObject, child, equal, isObject, listAt, text } from '../json.ts';
import { type Cause, duplicate, invalidValue, required } from '../statuses.ts';
import { builtIn } from './built-in.ts';
import {
  always,
  anything,
  atomic,
  bool,
  conditions,
  int,
  intOrString,
  keyed,
  list,
  map,
  or,
  str,
  struct,
  topLevel,
} from './dialect.ts';

let addresses = 0;
const nextAddress = (): string => {
  addresses++;
  return `10.0.${addresses >> 8}.${addresses & 255}`;
};

function prepareService(object: ApiObject, old: ApiObject | undefined): void {
  const spec = child(object, 'spec');
  object['spec'] = spec;
  const kept = child(old, 'spec');
  if (spec['type'] === 'ExternalName') return;
  spec['clusterIP'] ??= kept['clusterIP'] ?? nextAddress();
  spec['clusterIPs'] = [spec['clusterIP'] ?? ''];
  spec['ipFamilies'] ??= ['IPv4'];
  spec['ipFamilyPolicy'] ??= 'SingleStack';
  if (old === undefined) object['status'] = { loadBalancer: {} };
}

function validateService(object: ApiObject, old: ApiObject | undefined): Cause[] {
  const spec = child(object, 'spec');
  const ports = listAt(spec, 'ports');
  const found: Cause[] = [];
  const kept = listAt(child(old, 'spec'), 'clusterIPs');
  if (kept.length > 0 && !equal(kept, spec['clusterIPs']))
    found.push(invalidValue('spec.clusterIPs[0]', spec['clusterIPs'] ?? [], 'may not change once set'));
  else if (text(spec['clusterIP']) !== 'None' && isIP(text(spec['clusterIP'])) === 0 && spec['type'] !== 'ExternalName')
    found.push(invalidValue('spec.clusterIPs[0]', spec['clusterIPs'] ?? [], 'must be a valid IP address'));
  if (ports.length === 0 && spec['clusterIP'] !== 'None' && spec['type'] !== 'ExternalName')
    found.push(required('spec.ports'));
  ports.forEach((port, at) => {
    if (!isObject(port)) return;
    if (ports.length > 1 && text(port['name']) === '') found.push(required(`spec.ports[${at}].name`));
    const isRepeated = ports.slice(0, at).some((one) => isObject(one) && one['name'] === port['name']);
    if (isRepeated) found.push(duplicate(`spec.ports[${at}].name`, port['name'] ?? ''));
    for (const name of ['port', 'targetPort']) {
      const number = port[name];
      if (typeof number === 'number' && (number < 1 || number > 65535))
        found.push(invalidValue(`spec.ports[${at}].${name}`, number, 'must be between 1 and 65535, inclusive'));
    }
  });
  return found;
}

export const service = builtIn('', 'v1', 'services', 'Service', {
  status: true,
  nameRule: 'label',
  unconditionalUpdate: true,
  deleteAnswersObject: true,
  shortNames: ['svc'],
  categories: ['all'],
  selectable: ['spec.clusterIP', 'spec.type'],
  schema: topLevel({
    spec: always(
      struct({
        ports: keyed(
          ['port', 'protocol'],
          struct({
            name: str,
            protocol: or(str, 'TCP'),
            appProtocol: str,
            port: int,
            targetPort: always(intOrString),
            nodePort: int,
          }),
        ),
        selector: atomic(map(str)),
        clusterIP: str,
        clusterIPs: list(str),
        type: or(str, 'ClusterIP'),
        externalIPs: list(str),
        sessionAffinity: or(str, 'None'),
        sessionAffinityConfig: anything,
        loadBalancerIP: str,
        loadBalancerSourceRanges: list(str),
        loadBalancerClass: str,
        allocateLoadBalancerNodePorts: bool,
        externalName: str,
        externalTrafficPolicy: str,
        internalTrafficPolicy: or(str, 'Cluster'),
        healthCheckNodePort: int,
        publishNotReadyAddresses: bool,
        ipFamilies: list(str),
        ipFamilyPolicy: str,
        trafficDistribution: str,
      }),
    ),
    status: always(struct({ loadBalancer: always(struct({ ingress: list(anything) })), conditions })),
  }),
  defaults: (object) => {
    for (const port of listAt(child(object, 'spec'), 'ports'))
      if (isObject(port) && port['port'] !== undefined) port['targetPort'] ??= port['port'];
  },
  prepare: prepareService,
  validate: validateService,
});
