/** ValidatingWebhookConfiguration (admissionregistration.k8s.io/v1): by which the API server asks us. */
import { API_GROUP, CUSTOM_RESOURCES } from '#contract/kubernetes';
import type { KubernetesObject } from '../kubernetes-object.ts';
import { PATH } from './server.ts';

export interface WebhookPlace {
  /** Of the configuration, which is of the cluster. */
  readonly name: string;
  readonly namespace: string;
  readonly service: string;
  readonly port?: number;
  /** The namespaces of an operator that looks after some alone; all without it. */
  readonly namespaces?: readonly string[] | undefined;
}

/** `caBundle`: PEM; empty before there is one, so nothing is let through. */
export function webhookConfiguration(place: WebhookPlace, caBundle: string): KubernetesObject {
  const { name, namespace, service, port = 443, namespaces } = place;
  return {
    ...{ apiVersion: 'admissionregistration.k8s.io/v1', kind: 'ValidatingWebhookConfiguration', metadata: { name } },
    webhooks: [
      {
        name: `validate.${API_GROUP}`,
        clientConfig: {
          service: { ...{ namespace, name: service, port }, path: PATH },
          ...(caBundle !== '' && { caBundle: Buffer.from(caBundle).toString('base64') }),
        },
        rules: [
          {
            ...{ apiGroups: [API_GROUP], apiVersions: ['v1alpha1'], operations: ['CREATE', 'UPDATE', 'DELETE'] },
            // Subresources are not asked about: a status is the operator's own, and must be written while the webhook is away.
            resources: Object.values(CUSTOM_RESOURCES).map(({ plural }) => plural),
            scope: 'Namespaced',
          },
        ],
        ...(namespaces && {
          namespaceSelector: {
            matchExpressions: [{ key: 'kubernetes.io/metadata.name', operator: 'In', values: [...namespaces] }],
          },
        }),
        ...{ failurePolicy: 'Fail', matchPolicy: 'Equivalent', sideEffects: 'None', timeoutSeconds: 5 },
        admissionReviewVersions: ['v1'],
      },
    ],
  };
}

/** The configuration that was read, with another bundle: for a patch on its `resourceVersion`. */
export function withCaBundle(configuration: KubernetesObject, caBundle: string): KubernetesObject {
  const webhooks = (configuration['webhooks'] ?? []) as readonly { readonly clientConfig: object }[];
  const encoded = Buffer.from(caBundle).toString('base64');
  return {
    ...configuration,
    webhooks: webhooks.map((webhook) => ({ ...webhook, clientConfig: { ...webhook.clientConfig, caBundle: encoded } })),
  };
}
