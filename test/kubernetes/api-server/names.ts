/** The rules for names, labels, finalizers and owners. */
import { type ApiObject, isObject, type JsonObject, listAt, text } from './json.ts';
import { type Cause, forbiddenField, invalidValue, required } from './statuses.ts';
import type { ResourceType } from './resource-type.ts';

const subdomain = /^[a-z0-9]([-a-z0-9]*[a-z0-9])?(\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*$/;
const label = /^[a-z0-9]([-a-z0-9]*[a-z0-9])?$/;
const qualifiedPart = /^([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9]$/;

export const subdomainFault = (name: string): string | undefined =>
  subdomain.test(name)
    ? undefined
    : "a lowercase RFC 1123 subdomain must consist of lower case alphanumeric characters, '-' or '.', and must start and end with an alphanumeric character (e.g. 'example.com', regex used for validation is '[a-z0-9]([-a-z0-9]*[a-z0-9])?(\\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*')";

const labelFault = (name: string): string | undefined =>
  label.test(name)
    ? undefined
    : "a lowercase RFC 1123 label must consist of lower case alphanumeric characters or '-', and must start and end with an alphanumeric character (e.g. 'my-name',  or '123-abc', regex used for validation is '[a-z0-9]([-a-z0-9]*[a-z0-9])?')";

const pathFault = (name: string): string | undefined =>
  name.includes('/') || name.includes('%') ? "may not contain '/'" : undefined;

const qualifiedFault = (name: string): string | undefined => {
  const part = name.slice(name.indexOf('/') + 1);
  return qualifiedPart.test(part)
    ? undefined
    : "name part must consist of alphanumeric characters, '-', '_' or '.', and must start and end with an alphanumeric character (e.g. 'MyName',  or 'my.name',  or '123-abc', regex used for validation is '([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9]')";
};

const labelValueFault = (value: string): string | undefined =>
  value === '' || qualifiedPart.test(value)
    ? undefined
    : "a valid label must be an empty string or consist of alphanumeric characters, '-', '_' or '.', and must start and end with an alphanumeric character (e.g. 'MyValue',  or 'my_value',  or '12345', regex used for validation is '(([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9])?')";

const nameFault = { subdomain: subdomainFault, label: labelFault, path: pathFault } as const;

export function metadataFaults({ nameRule }: ResourceType, { metadata }: ApiObject): Cause[] {
  const found: Cause[] = [];
  const { name = '', labels = {}, finalizers = [] } = metadata;
  const add = (field: string, value: string, why: string | undefined): void => {
    if (why !== undefined) found.push(invalidValue(field, value, why));
  };
  if (name === '') found.push(required('metadata.name', 'name or generateName is required'));
  else add('metadata.name', name, nameFault[nameRule](name));
  for (const [key, value] of Object.entries(labels)) {
    add('metadata.labels', key, qualifiedFault(key));
    add('metadata.labels', value, labelValueFault(value));
  }
  for (const one of finalizers) add('metadata.finalizers', one, qualifiedFault(one));
  return [...found, ...ownerFaults(listAt(metadata, 'ownerReferences').filter(isObject))];
}

function ownerFaults(owners: readonly JsonObject[]): Cause[] {
  const field = 'metadata.ownerReferences';
  const found: Cause[] = [];
  for (const owner of owners)
    for (const name of ['apiVersion', 'kind', 'name', 'uid'])
      if (text(owner[name]) === '') found.push(invalidValue(`${field}.${name}`, '', 'must not be empty'));
  const controllers = owners.filter((owner) => owner['controller'] === true);
  if (controllers.length > 1) {
    const [first, second] = controllers.map((one) => `${text(one['kind'])}/${text(one['name'])}`);
    const why = `Only one reference can have Controller set to true. Found "true" in references for ${first} and ${second}`;
    found.push(invalidValue(field, [...owners], why));
  }
  return found;
}

/** Owners named twice are one; the server says that it took the liberty. */
export function dedupeOwners(metadata: JsonObject): string[] {
  const owners = listAt(metadata, 'ownerReferences').filter(isObject);
  const uids = owners.map((owner) => text(owner['uid']));
  const twice = [...new Set(uids.filter((uid, at) => uids.indexOf(uid) !== at))];
  if (twice.length === 0) return [];
  metadata['ownerReferences'] = owners.filter((owner, at) => uids.indexOf(text(owner['uid'])) === at);
  return [
    `.metadata.ownerReferences contains duplicate entries; API server dedups owner references in 1.20+, and may reject such requests as early as 1.24; please fix your requests; duplicate UID(s) observed: ${twice.join(', ')}`,
  ];
}

export const finalizerWarnings = ({ finalizers = [] }: { finalizers?: readonly string[] }): string[] =>
  finalizers
    .filter((one) => !one.includes('/') && !['orphan', 'foregroundDeletion'].includes(one))
    .map(
      (one) =>
        `metadata.finalizers: "${one}": prefer a domain-qualified finalizer name to avoid accidental conflicts with other finalizer writers`,
    );

/** What an update may not do to metadata. */
export function metadataUpdateFaults({ metadata }: ApiObject, old: ApiObject): Cause[] {
  const found: Cause[] = [];
  if (metadata.uid !== undefined && metadata.uid !== old.metadata.uid) {
    const fault = invalidValue('metadata.uid', metadata.uid, 'field is immutable');
    found.push(fault, fault);
  }
  const added = (metadata.finalizers ?? []).filter((one) => !(old.metadata.finalizers ?? []).includes(one));
  if (old.metadata.deletionTimestamp !== undefined && added.length > 0) {
    const shown = `[]string{${added.map((one) => JSON.stringify(one)).join(', ')}}`;
    const fault = forbiddenField(
      'metadata.finalizers',
      `no new finalizers can be added if the object is being deleted, found new finalizers ${shown}`,
    );
    found.push(fault, fault);
  }
  return found;
}
