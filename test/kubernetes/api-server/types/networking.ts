/** networking.k8s.io/v1: NetworkPolicy and Ingress. */
import { child, isObject, listAt, text } from '../json.ts';
import type { ResourceType } from '../resource-type.ts';
import { type Cause, invalidValue, required } from '../statuses.ts';
import { subdomainFault } from '../names.ts';
import { builtIn } from './built-in.ts';
import {
  always,
  anything,
  atomic,
  int,
  intOrString,
  labelSelector,
  list,
  or,
  str,
  struct,
  topLevel,
} from './dialect.ts';

const peers = list(
  struct({
    podSelector: labelSelector,
    namespaceSelector: labelSelector,
    ipBlock: struct({ cidr: str, except: list(str) }),
  }),
);
const policyPorts = list(struct({ protocol: or(str, 'TCP'), port: intOrString, endPort: int }));
const cidr = /^([0-9]{1,3}\.){3}[0-9]{1,3}\/[0-9]{1,2}$|^[0-9a-fA-F:]+\/[0-9]{1,3}$/;

const networkPolicy = builtIn('networking.k8s.io', 'v1', 'networkpolicies', 'NetworkPolicy', {
  generation: true,
  unconditionalUpdate: true,
  shortNames: ['netpol'],
  schema: topLevel({
    spec: always(
      struct({
        podSelector: always(labelSelector),
        ingress: list(struct({ ports: policyPorts, from: peers })),
        egress: list(struct({ ports: policyPorts, to: peers })),
        policyTypes: list(str),
      }),
    ),
  }),
  defaults: (object) => {
    const spec = child(object, 'spec');
    if (object['spec'] !== undefined)
      spec['policyTypes'] ??= ['Ingress', ...(listAt(spec, 'egress').length > 0 ? ['Egress'] : [])];
  },
  validate: (object) =>
    [['ingress', 'from'] as const, ['egress', 'to'] as const].flatMap(([way, side]) =>
      listAt(child(object, 'spec'), way).flatMap((rule, at) =>
        listAt(rule, side).flatMap((peer, index): Cause[] => {
          const block = isObject(peer) ? peer['ipBlock'] : undefined;
          const value = isObject(block) ? text(block['cidr']) : '0.0.0.0/0';
          const why = 'must be a valid CIDR value, (e.g. 10.9.8.0/24 or 2001:db8::/64)';
          const field = `spec.${way}[${at}].${side}[${index}].ipBlock.cidr`;
          return cidr.test(value) ? [] : [invalidValue(field, value, why)];
        }),
      ),
    ),
});

const backend = struct({
  service: struct({ name: str, port: always(atomic(struct({ name: str, number: int }))) }),
  resource: atomic(struct({ apiGroup: str, kind: str, name: str })),
});

const ingress = builtIn('networking.k8s.io', 'v1', 'ingresses', 'Ingress', {
  status: true,
  generation: true,
  unconditionalUpdate: true,
  shortNames: ['ing'],
  schema: topLevel({
    spec: always(
      struct({
        ingressClassName: str,
        defaultBackend: backend,
        tls: list(struct({ hosts: list(str), secretName: str })),
        rules: list(
          struct({ host: str, http: struct({ paths: list(struct({ path: str, pathType: str, backend })) }) }),
        ),
      }),
    ),
    status: always(struct({ loadBalancer: always(struct({ ingress: list(anything) })) })),
  }),
  prepare: (object, old) => {
    if (old === undefined) object['status'] = { loadBalancer: {} };
  },
  validate: (object) =>
    listAt(child(object, 'spec'), 'rules').flatMap((rule, at) => {
      const field = `spec.rules[${at}]`;
      const host = text(isObject(rule) ? rule['host'] : '');
      const why = host === '' ? undefined : subdomainFault(host.replace(/^\*\./, ''));
      const paths = listAt(child(rule, 'http'), 'paths').flatMap((path, index) => {
        const place = `${field}.http.paths[${index}]`;
        const found: Cause[] = [];
        const given = text(isObject(path) ? path['path'] : '');
        if (!given.startsWith('/')) found.push(invalidValue(`${place}.path`, given, 'must be an absolute path'));
        const port = child(child(child(path, 'backend'), 'service'), 'port');
        if (Object.keys(port).length === 0 && isObject(child(path, 'backend')['service']))
          found.push(required(`${place}.backend`, 'port name or number is required'));
        return found;
      });
      return [...(why === undefined ? [] : [invalidValue(`${field}.host`, host, why)]), ...paths];
    }),
});

export const networking: readonly ResourceType[] = [networkPolicy, ingress];
