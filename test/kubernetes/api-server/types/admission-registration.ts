/** Which webhooks are asked of which requests. */
import { child, isObject, type Json, listAt, text } from '../json.ts';
import type { ResourceType } from '../resource-type.ts';
import { type Cause, invalidValue, notSupported } from '../statuses.ts';
import { builtIn } from './built-in.ts';
import { anything, bytes, int, keyed, labelSelector, list, or, str, struct, topLevel } from './dialect.ts';

const rules = list(
  struct({
    operations: list(str),
    apiGroups: list(str),
    apiVersions: list(str),
    resources: list(str),
    scope: or(str, '*'),
  }),
);

const webhook = struct({
  name: str,
  clientConfig: struct({
    url: str,
    service: struct({ namespace: str, name: str, path: str, port: or(int, 443) }),
    caBundle: bytes,
  }),
  rules,
  failurePolicy: or(str, 'Fail'),
  matchPolicy: or(str, 'Equivalent'),
  namespaceSelector: or(labelSelector, {}),
  objectSelector: or(labelSelector, {}),
  sideEffects: str,
  timeoutSeconds: or(int, 10),
  admissionReviewVersions: list(str),
  matchConditions: anything,
});

function faultsOf(webhook: Json, at: number): Cause[] {
  const found: Cause[] = [];
  const effects = text(isObject(webhook) ? webhook['sideEffects'] : '');
  const supported = ['None', 'NoneOnDryRun'];
  if (!supported.includes(effects)) found.push(notSupported(`webhooks[${at}].sideEffects`, effects, supported));
  const { url } = child(webhook, 'clientConfig');
  const scheme = url === undefined ? 'https' : (URL.parse(text(url))?.protocol.replace(':', '') ?? '');
  const why = "'https' is the only allowed URL scheme; desired format: https://host[/path]";
  if (scheme !== 'https') found.push(invalidValue(`webhooks[${at}].clientConfig.url`, scheme, why));
  return found;
}

export const webhookConfiguration: ResourceType = builtIn(
  'admissionregistration.k8s.io',
  'v1',
  'validatingwebhookconfigurations',
  'ValidatingWebhookConfiguration',
  {
    namespaced: false,
    generation: true,
    unconditionalUpdate: true,
    categories: ['api-extensions'],
    schema: topLevel({ webhooks: keyed(['name'], webhook) }),
    validate: (object) => listAt(object, 'webhooks').flatMap(faultsOf),
  },
);
