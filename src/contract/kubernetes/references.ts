/** How an object names another. All but owners of certificates are in the namespace of the resource itself. */
import { z } from 'zod';
import { label, line, objectName } from './scalars.ts';

const dataKey = z
  .string()
  .min(1)
  .max(253)
  .regex(/^[-._a-zA-Z0-9]+$/, { error: 'a key is made of letters, digits, `-`, `_` and `.`' });

/** One key of a Secret beside the object. */
export const secretKeyRef = z.strictObject({
  name: objectName.describe('The Secret, in the namespace of this object.'),
  key: dataKey.describe('The key in it.'),
});

/** One key of a ConfigMap beside the object. */
export const configMapKeyRef = z.strictObject({
  name: objectName.describe('The ConfigMap, in the namespace of this object.'),
  key: dataKey.describe('The key in it.'),
});

/** Certificates to trust: nothing about them is secret. */
export const caBundleRef = z.strictObject({
  name: objectName.describe('The ConfigMap, in the namespace of this object.'),
  key: dataKey.default('ca.crt').describe('The key in it, whose value is certificates in PEM.'),
});

/** A Secret of the type `kubernetes.io/tls`. */
export const tlsSecretRef = z.strictObject({
  name: objectName.describe('The Secret of the type `kubernetes.io/tls`, in the namespace of this object.'),
});

/** An object of ours beside this one. */
export const besideRef = (kind: string) =>
  z.strictObject({ name: label.describe(`The ${kind}, in the namespace of this object.`) });

/** An authorization server serves several namespaces, so it may be in another. */
export const authServerRef = z.strictObject({
  name: label.describe('The MCPAuthServer.'),
  namespace: label.optional().describe('Its namespace; that of this object without it.'),
});

/** An issuer of cert-manager. */
export const issuerRef = z.strictObject({
  name: objectName.describe('The issuer.'),
  kind: z
    .enum(['Issuer', 'ClusterIssuer'])
    .default('Issuer')
    .describe('Whether it is of the namespace or of the cluster.'),
  group: line(253).default('cert-manager.io').describe('The API group of the issuer.'),
});
