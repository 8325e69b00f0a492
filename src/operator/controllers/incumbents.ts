/** Who has which resource by the lists of owners that were published last (OPR-003). Pure. */
import { API_VERSION } from '#contract/kubernetes';
import { isRecord } from '#kernel';
import { parseAllDocuments } from 'yaml';
import type { KubernetesObject } from '../kubernetes-object.ts';
import { childName } from '../plan/index.ts';
import { keyOf, resourceOf } from '../references/index.ts';

/** Whether it is the list of owners of an MCPAuthServer. */
export const isOwnerMap = ({ kind, metadata: { name, ownerReferences = [] } }: KubernetesObject): boolean =>
  kind === 'ConfigMap' &&
  ownerReferences.some(
    (owner) =>
      owner.controller === true &&
      owner.apiVersion === API_VERSION &&
      owner.kind === 'MCPAuthServer' &&
      name === childName.owners(owner.name),
  );

/** `keyOf` the holder of each canonical resource URL. Of what cannot be read nobody has anything by it. */
export function incumbentsOf(maps: readonly KubernetesObject[]): ReadonlyMap<string, string> {
  return new Map(maps.filter(isOwnerMap).flatMap(entriesOf));
}

function entriesOf(map: KubernetesObject): [string, string][] {
  const data = isRecord(map['data']) ? map['data'] : {};
  const text = data['owners.yaml'];
  if (typeof text !== 'string') return [];
  const documents = parseAllDocuments(text);
  return (Array.isArray(documents) ? documents : []).flatMap((document): [string, string][] => {
    const owner: unknown = document.toJS();
    if (!isRecord(owner)) return [];
    const { namespace, name, resource, spiffeId } = owner;
    const kind = /\/(mcpserver|gateway)\/[^/]+$/.exec(String(spiffeId))?.[1];
    if (typeof namespace !== 'string' || typeof name !== 'string' || typeof resource !== 'string' || kind === undefined)
      return [];
    return [[resourceOf(resource), keyOf({ kind: kind === 'gateway' ? 'MCPGateway' : 'MCPServer', namespace, name })]];
  });
}
