/** Validating webhooks: which of them a request concerns, and what becomes of it by their answers. */
import { randomUUID } from 'node:crypto';
import type { Call } from './call.ts';
import { userInfo } from './callers.ts';
import { type ApiObject, child, isObject, type JsonObject, listAt, text } from './json.ts';
import { resourceKey } from './resource-type.ts';
import { Refusal } from './statuses.ts';
import type { Store } from './store.ts';
import { type Addresses, post, Unreachable } from './webhook-call.ts';
import { webhookConfiguration } from './types/admission-registration.ts';

export type Operation = 'CREATE' | 'UPDATE' | 'DELETE';

export interface Question {
  readonly operation: Operation;
  readonly object: ApiObject | undefined;
  readonly old: ApiObject | undefined;
}

/** Thrown where webhooks have to be asked before the request goes on; it is begun anew when they have answered. */
export class Unasked extends Error {
  readonly question: Question;

  constructor(question: Question) {
    super('webhooks were not asked yet');
    this.question = question;
  }
}

/** What was asked of: another version of the object is another question. */
const keyOf = ({ operation, object, old }: Question): string => {
  const { namespace = '', name = '' } = (object ?? old)?.metadata ?? {};
  return [operation, namespace, name, old?.metadata.resourceVersion ?? ''].join('/');
};

export class Webhooks {
  readonly #store: Store;
  readonly #addresses: Addresses;

  constructor(store: Store, addresses: Addresses) {
    this.#store = store;
    this.#addresses = addresses;
  }

  /** Lets on what no webhook is concerned with, and what they were asked of and allowed. */
  check(call: Call, question: Question): void {
    if (call.allowed.has(keyOf(question)) || this.#concerned(call, question).length === 0) return;
    throw new Unasked(question);
  }

  /** Asks them one after the other; throws the first refusal. */
  async ask(call: Call, question: Question): Promise<void> {
    for (const webhook of this.#concerned(call, question)) await this.#ask(webhook, call, question);
    call.allowed.add(keyOf(question));
  }

  #concerned(call: Call, question: Question): JsonObject[] {
    if (call.type.group === webhookConfiguration.group) return [];
    return this.#store
      .list(resourceKey(webhookConfiguration), '')
      .flatMap((configuration) => listAt(configuration, 'webhooks').filter(isObject))
      .filter((webhook) => this.#concerns(webhook, call, question));
  }

  #concerns(
    webhook: JsonObject,
    { type, namespace = '', subresource }: Call,
    { operation, object, old }: Question,
  ): boolean {
    const whole = subresource === '' ? type.plural : `${type.plural}/${subresource}`;
    const names = subresource === '' ? [whole, '*'] : [whole, `*/${subresource}`, `${type.plural}/*`];
    const has = (rule: JsonObject, list: string, wanted: readonly string[]): boolean =>
      listAt(rule, list).some((one) => wanted.includes(text(one)));
    const scope = type.namespaced ? 'Namespaced' : 'Cluster';
    const isMeant = listAt(webhook, 'rules')
      .filter(isObject)
      .some(
        (rule) =>
          has(rule, 'operations', ['*', operation]) &&
          has(rule, 'apiGroups', ['*', type.group]) &&
          has(rule, 'apiVersions', ['*', type.version]) &&
          has(rule, 'resources', [...names, '*/*']) &&
          ['*', scope].includes(text(rule['scope'])),
      );
    if (!isMeant) return false;
    const place = type.namespaced ? this.#store.get('/namespaces', '', namespace) : undefined;
    const inPlace = !type.namespaced || selects(child(webhook, 'namespaceSelector'), place);
    const selector = child(webhook, 'objectSelector');
    return inPlace && (selects(selector, object) || selects(selector, old));
  }

  async #ask(webhook: JsonObject, call: Call, question: Question): Promise<void> {
    const name = text(webhook['name']);
    const uid = randomUUID();
    const failed = (why: string): void => {
      if (webhook['failurePolicy'] === 'Ignore') return;
      const message = `failed calling webhook "${name}": ${why}`;
      throw new Refusal(500, `Internal error occurred: ${message}`, 'InternalError', { causes: [{ message }] });
    };
    let answer: JsonObject;
    try {
      answer = await post(webhook, reviewOf(uid, call, question), this.#addresses);
    } catch (error) {
      if (!(error instanceof Unreachable)) throw error;
      failed(`failed to call webhook: ${error.message}`);
      return;
    }
    const response = child(answer, 'response');
    if (response['uid'] !== uid) {
      failed(`received invalid webhook response: expected response.uid="${uid}", got "${text(response['uid'])}"`);
      return;
    }
    call.warnings.push(...listAt(response, 'warnings').map(text));
    if (response['allowed'] !== true) throw denial(name, child(response, 'status'));
  }
}

function denial(name: string, { message, code, reason }: JsonObject): Refusal {
  const why = text(message) === '' ? ' without explanation' : `: ${text(message)}`;
  return new Refusal(
    typeof code === 'number' ? code : 400,
    `admission webhook "${name}" denied the request${why}`,
    text(reason) || undefined,
  );
}

function reviewOf(uid: string, call: Call, { operation, object, old }: Question): JsonObject {
  const { group, version, kind: name, plural } = call.type;
  const kind = { group, version, kind: name };
  const resource = { group, version, resource: plural };
  const manager = call.query.get('fieldManager');
  const dryRun = call.query.has('dryRun');
  const options = operation === 'CREATE' ? 'CreateOptions' : operation === 'UPDATE' ? 'UpdateOptions' : 'DeleteOptions';
  return {
    kind: 'AdmissionReview',
    apiVersion: 'admission.k8s.io/v1',
    request: {
      ...{ uid, kind, resource, requestKind: kind, requestResource: resource },
      ...(call.subresource !== '' && { subResource: call.subresource, requestSubResource: call.subresource }),
      name: (object ?? old)?.metadata.name ?? '',
      ...(call.type.namespaced && { namespace: call.namespace ?? '' }),
      operation,
      userInfo: userInfo(call.caller),
      object: object ?? null,
      oldObject: old ?? null,
      dryRun,
      options: {
        ...{ kind: options, apiVersion: 'meta.k8s.io/v1' },
        ...(manager !== null && { fieldManager: manager }),
        ...(dryRun && { dryRun: ['All'] }),
      },
    },
  };
}

/** A selector of labels, as an object has it. */
function selects(selector: JsonObject, object: ApiObject | undefined): boolean {
  if (object === undefined) return false;
  const labels = object.metadata.labels ?? {};
  const equal = Object.entries(child(selector, 'matchLabels')).every(([key, value]) => labels[key] === value);
  return (
    equal &&
    listAt(selector, 'matchExpressions').every((one) => {
      if (!isObject(one)) return false;
      const value = labels[text(one['key'])];
      const isListed = value !== undefined && listAt(one, 'values').includes(value);
      switch (one['operator']) {
        case 'In':
          return isListed;
        case 'NotIn':
          return !isListed;
        case 'Exists':
          return value !== undefined;
        default:
          return value === undefined;
      }
    })
  );
}
