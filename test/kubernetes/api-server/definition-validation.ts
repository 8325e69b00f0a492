/** Whether a CustomResourceDefinition may be served. Its CEL rules are not compiled. */
import { type ApiObject, child, isObject, type Json, type JsonObject, listAt, text } from './json.ts';
import { type Cause, invalidValue, notSupported, required } from './statuses.ts';

export function definitionFaults(object: ApiObject): Cause[] {
  const spec = child(object, 'spec');
  const versions = listAt(spec, 'versions').filter(isObject);
  const found: Cause[] = [];
  const name = `${text(child(spec, 'names')['plural'])}.${text(spec['group'])}`;
  if (object.metadata.name !== name)
    found.push(invalidValue('metadata.name', object.metadata.name ?? '', 'must be spec.names.plural+"."+spec.group'));
  if (versions.filter((version) => version['storage'] === true).length !== 1)
    found.push(
      invalidValue('spec.versions', versions.map(goVersion), 'must have exactly one version marked as storage version'),
      invalidValue('status.storedVersions', null, 'must have at least one stored version'),
    );
  for (const [at, version] of versions.entries()) {
    const place = versions.length === 1 ? 'spec.validation' : `spec.versions[${at}].schema`;
    found.push(...structural(child(version, 'schema')['openAPIV3Schema'], `${place}.openAPIV3Schema`));
  }
  return found;
}

/** A version as Go prints it, with what the server has moved out of it while it checks. */
const goVersion = (version: JsonObject): JsonObject => ({
  Name: version['name'] ?? '',
  Served: version['served'] ?? false,
  Storage: version['storage'] ?? false,
  Deprecated: version['deprecated'] ?? false,
  DeprecationWarning: version['deprecationWarning'] ?? null,
  Schema: null,
  Subresources: null,
  AdditionalPrinterColumns: null,
  SelectableFields: null,
});

function structural(schema: Json | undefined, path: string, role = 'object fields'): Cause[] {
  if (!isObject(schema)) return [];
  const found: Cause[] = [];
  const open = schema['x-kubernetes-int-or-string'] === true || schema['x-kubernetes-preserve-unknown-fields'] === true;
  if (text(schema['type']) === '' && !open)
    found.push(required(`${path}.type`, `must not be empty for specified ${role}`));
  const { default: standard, enum: allowed } = schema;
  if (standard !== undefined && Array.isArray(allowed) && !allowed.includes(standard))
    found.push(notSupported(`${path}.default`, standard, allowed.map(String)));
  const keys = listAt(schema, 'x-kubernetes-list-map-keys').map((key) => text(key));
  const known = child(schema['items'], 'properties');
  if (keys.some((key) => known[key] === undefined))
    found.push(
      invalidValue(`${path}.x-kubernetes-list-map-keys`, keys, 'entries must all be names of item properties'),
    );
  for (const [name, below] of Object.entries(child(schema, 'properties')))
    found.push(...structural(below, `${path}.properties[${name}]`));
  found.push(...structural(schema['items'], `${path}.items`, 'array items'));
  return [...found, ...structural(schema['additionalProperties'], `${path}.additionalProperties`)];
}
