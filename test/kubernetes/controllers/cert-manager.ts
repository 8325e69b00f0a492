/** cert-manager: a Certificate gets its Secret, signed by an authority of the test, and says that it is ready. */
import type { Controller, ControllerClient, Seen } from '../api-server/controllers.ts';
import { type ApiObject, child, isObject, type JsonObject, listAt, text } from '../api-server/json.ts';
import { now } from '../api-server/lifecycle.ts';
import { type TestAuthority, testAuthority } from '../../certificates.ts';

export const CERT_MANAGER_GROUP = 'cert-manager.io';
const UNITS: Readonly<Record<string, number>> = { h: 3_600_000, m: 60_000, s: 1000 };

/** `refuses` is asked of every Certificate: a text is why its issuer does not sign it. */
export function certManager({
  authority = testAuthority('cert-manager'),
  refuses = () => undefined,
}: {
  readonly authority?: TestAuthority;
  readonly refuses?: (certificate: ApiObject) => string | undefined;
} = {}): Controller {
  return {
    name: 'cert-manager',
    async prepare(client) {
      for (const kind of ['Certificate', 'Issuer', 'ClusterIssuer'])
        await client.send('POST', '/apis/apiextensions.k8s.io/v1/customresourcedefinitions', definition(kind));
    },
    async see(seen, client) {
      const { object, resource, type } = seen;
      if (resource !== `${CERT_MANAGER_GROUP}/certificates` || type === 'DELETED') return;
      if (object.metadata.deletionTimestamp !== undefined || isSettled(object)) return;
      const why = refuses(object);
      if (why === undefined) await sign(seen, client, authority);
      else await client.status(client.pathOf(seen), { conditions: [ready(object, 'False', 'Failed', why)] });
    },
  };
}

/** Whether the Certificate, as it is now, was signed or refused. */
function isSettled(certificate: ApiObject): boolean {
  const said = listAt(child(certificate, 'status'), 'conditions').find(
    (one) => isObject(one) && one['type'] === 'Ready',
  );
  return isObject(said) && said['observedGeneration'] === certificate.metadata.generation;
}

async function sign(seen: Seen, client: ControllerClient, authority: TestAuthority): Promise<void> {
  const { object } = seen;
  const spec = child(object, 'spec');
  const { namespace = '', name = '' } = object.metadata;
  const lasting = milliseconds(text(spec['duration']) || '2160h');
  const early = spec['renewBefore'] === undefined ? lasting / 3 : milliseconds(text(spec['renewBefore']));
  const notAfter = new Date(Date.now() + lasting);
  const isAuthority = spec['isCA'] === true;
  const names = [...listAt(spec, 'dnsNames'), ...listAt(spec, 'ipAddresses')].map(text);
  const commonName = text(spec['commonName']);
  const issued = authority.issue(names, {
    ...(commonName !== '' && { commonName }),
    uris: listAt(spec, 'uris').map(text),
    usage: isAuthority ? ['keyCertSign', 'cRLSign', 'digitalSignature'] : ['digitalSignature'],
    ...(isAuthority ? { isAuthority } : { purposes: ['serverAuth', 'clientAuth'] as const }),
    notBefore: new Date(Date.now() - 60_000),
    notAfter,
  });
  const secretName = text(spec['secretName']);
  const base64 = (pem: string): string => Buffer.from(pem).toString('base64');
  const data = { 'tls.crt': base64(issued.cert), 'tls.key': base64(issued.key), 'ca.crt': base64(authority.cert) };
  const annotations = { [`${CERT_MANAGER_GROUP}/certificate-name`]: name };
  await client.send(
    'PATCH',
    `/api/v1/namespaces/${namespace}/secrets/${secretName}?fieldManager=cert-manager&force=true`,
    {
      ...{ apiVersion: 'v1', kind: 'Secret', type: 'kubernetes.io/tls', data },
      metadata: { name: secretName, namespace, annotations },
    },
    'apply-patch+yaml',
  );
  const whole = (date: Date): string => date.toISOString().replace(/\.\d+Z$/, 'Z');
  await client.status(client.pathOf(seen), {
    conditions: [ready(object, 'True', 'Ready', 'Certificate is up to date and has not expired')],
    notBefore: whole(new Date(Date.now() - 60_000)),
    notAfter: whole(notAfter),
    renewalTime: whole(new Date(notAfter.getTime() - early)),
    revision: Number(child(object, 'status')['revision'] ?? 0) + 1,
  });
}

const ready = ({ metadata }: ApiObject, status: string, reason: string, message: string): JsonObject => ({
  ...{ type: 'Ready', status, reason, message },
  observedGeneration: metadata.generation ?? 1,
  lastTransitionTime: now(),
});

const milliseconds = (duration: string): number =>
  [...duration.matchAll(/(\d+)([hms])/g)].reduce(
    (sum, [, many, unit = '']) => sum + Number(many) * (UNITS[unit] ?? 0),
    0,
  );

/** Its own definitions say far more; here every field is taken. */
function definition(kind: string): JsonObject {
  const plural = `${kind.toLowerCase()}s`;
  const anything = { type: 'object', 'x-kubernetes-preserve-unknown-fields': true };
  const openAPIV3Schema = { type: 'object', properties: { spec: anything, status: anything } };
  return {
    apiVersion: 'apiextensions.k8s.io/v1',
    kind: 'CustomResourceDefinition',
    metadata: { name: `${plural}.${CERT_MANAGER_GROUP}` },
    spec: {
      group: CERT_MANAGER_GROUP,
      scope: kind === 'ClusterIssuer' ? 'Cluster' : 'Namespaced',
      names: { kind, plural },
      versions: [
        { name: 'v1', served: true, storage: true, subresources: { status: {} }, schema: { openAPIV3Schema } },
      ],
    },
  };
}
