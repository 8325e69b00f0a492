/** Everything that is asked of the API server goes through here: verbs of the Kubernetes API, typed by a resource. */
import type { IncomingMessage } from 'node:http';
import { ChatelaineError } from '#kernel';
import type { KubernetesObject } from '../../kubernetes-object.ts';
import { clusterError } from '../errors.ts';
import { silentObserver, type ClusterObserver } from '../metrics/observer.ts';
import {
  collectionPath,
  keyOf,
  objectPath,
  resourceTitle,
  type ObjectName,
  type Resource,
  type Scope,
} from '../resource.ts';
import type { ApiAccess } from './access.ts';
import { startDeadline, type Deadline } from './deadline.ts';
import { Exchange, reasonOf, textOf, type ApiRequest } from './exchange.ts';
import { linesOf } from './lines.ts';
import { readFrame, readObject, readPage, type Page, type WatchEvent } from './objects.ts';
import { readStatus, refusalError } from './status.ts';

/** How long one answer may take; the API server itself gives up after a minute. */
const DEADLINE_MS = 30_000;
/** A watch ends by the server's hand; if that does not come, by ours, so long after. */
const WATCH_GRACE_MS = 15_000;
/** A list of 500 objects takes what it takes. */
const LIST_DEADLINE_MS = 60_000;

export interface CallOptions {
  readonly signal?: AbortSignal | undefined;
  readonly deadlineMs?: number | undefined;
}

export interface ListOptions extends Scope, CallOptions {
  readonly limit?: number | undefined;
  /** `next` of the page before. */
  readonly continue?: string | undefined;
}

export interface WatchOptions extends Scope {
  readonly resourceVersion: string;
  readonly timeoutSeconds: number;
  readonly signal: AbortSignal;
}

export interface WriteOptions extends CallOptions {
  readonly fieldManager: string;
  readonly subresource?: string | undefined;
}

export interface DeleteOptions extends CallOptions {
  readonly uid?: string | undefined;
  readonly resourceVersion?: string | undefined;
}

interface Asked extends ApiRequest, CallOptions {
  readonly verb: string;
  readonly resource: Resource;
  readonly named?: ObjectName | undefined;
}

const applyType = 'application/apply-patch+yaml';
const mergeType = 'application/merge-patch+json';

export class ApiConnection {
  /** The namespace that the operator itself is in, where that is known. */
  readonly namespace: string | undefined;
  readonly #server: URL;
  readonly #exchange: Exchange;
  readonly #observer: ClusterObserver;

  constructor(access: ApiAccess, { observer = silentObserver }: { readonly observer?: ClusterObserver } = {}) {
    this.namespace = access.namespace;
    this.#server = access.server;
    this.#exchange = new Exchange(access);
    this.#observer = observer;
  }

  /** Throws `CLUSTER_NOT_FOUND`, like all that is below with a name. */
  get(resource: Resource, named: ObjectName, options: CallOptions = {}): Promise<KubernetesObject> {
    return this.#object({ method: 'GET', verb: 'get', path: objectPath(resource, named), resource, named, ...options });
  }

  /** As `get`; `undefined` for what is not there. */
  async find(resource: Resource, named: ObjectName, options: CallOptions = {}): Promise<KubernetesObject | undefined> {
    try {
      return await this.get(resource, named, options);
    } catch (error) {
      if (error instanceof ChatelaineError && error.code === 'CLUSTER_NOT_FOUND') return undefined;
      throw error;
    }
  }

  /** One page, of what is true now. Throws `CLUSTER_GONE` for a page of a list that is no longer kept. */
  async list(resource: Resource, options: ListOptions = {}): Promise<Page> {
    const { namespace, labelSelector, fieldSelector, limit, continue: next, ...call } = options;
    const query = { labelSelector, fieldSelector, limit, continue: next };
    const path = collectionPath(resource, namespace);
    const asked: Asked = { deadlineMs: LIST_DEADLINE_MS, ...call, method: 'GET', verb: 'list', path, query, resource };
    const value = await this.#json(asked);
    return this.#read(asked, () => readPage(resource, value));
  }

  create(
    resource: Resource,
    object: KubernetesObject,
    { fieldManager, ...call }: WriteOptions,
  ): Promise<KubernetesObject> {
    const { metadata: named } = object;
    const path = collectionPath(resource, named.namespace);
    const query = { fieldManager };
    return this.#object({ method: 'POST', verb: 'create', path, query, body: object, resource, named, ...call });
  }

  /** All of an object. With `metadata.resourceVersion` in it, it throws `CLUSTER_CONFLICT` for another. */
  replace(
    resource: Resource,
    object: KubernetesObject,
    { fieldManager, ...call }: WriteOptions,
  ): Promise<KubernetesObject> {
    const { metadata: named } = object;
    const path = objectPath(resource, named);
    const query = { fieldManager };
    return this.#object({ method: 'PUT', verb: 'update', path, query, body: object, resource, named, ...call });
  }

  /** Server-side apply. With `force` fields that others own become ours. */
  apply(
    resource: Resource,
    object: KubernetesObject,
    { fieldManager, subresource, force, ...call }: WriteOptions & { readonly force: boolean },
  ): Promise<KubernetesObject> {
    const { metadata: named } = object;
    const path = objectPath(resource, named, subresource);
    const query = { fieldManager, force };
    const rest = { body: object, contentType: applyType, resource, named, ...call };
    return this.#object({ method: 'PATCH', verb: 'patch', path, query, ...rest });
  }

  /** JSON merge patch (RFC 7386). With `metadata.resourceVersion` in it, it throws `CLUSTER_CONFLICT` for another. */
  merge(
    resource: Resource,
    named: ObjectName,
    patch: Readonly<Record<string, unknown>>,
    { fieldManager, subresource, ...call }: WriteOptions,
  ): Promise<KubernetesObject> {
    const path = objectPath(resource, named, subresource);
    const rest = { query: { fieldManager }, body: patch, contentType: mergeType, resource, named, ...call };
    return this.#object({ method: 'PATCH', verb: 'patch', path, ...rest });
  }

  /** What depends on it is deleted after it. Throws `CLUSTER_CONFLICT` when it is not the one that was meant. */
  async delete(resource: Resource, named: ObjectName, options: DeleteOptions = {}): Promise<void> {
    const { uid, resourceVersion, ...call } = options;
    const body = {
      ...{ apiVersion: 'v1', kind: 'DeleteOptions', propagationPolicy: 'Background' },
      preconditions: { uid, resourceVersion },
    };
    const path = objectPath(resource, named);
    await this.#json({ method: 'DELETE', verb: 'delete', path, body, resource, named, ...call });
  }

  /** Everything that happens after a version, until the server or the signal ends it. An abrupt end throws. */
  async *watch(resource: Resource, options: WatchOptions): AsyncGenerator<WatchEvent> {
    const { namespace, labelSelector, fieldSelector, resourceVersion, timeoutSeconds, signal } = options;
    const query = {
      watch: true,
      allowWatchBookmarks: true,
      labelSelector,
      fieldSelector,
      resourceVersion,
      timeoutSeconds,
    };
    const path = collectionPath(resource, namespace);
    const asked: Asked = { method: 'GET', verb: 'watch', path, query, resource };
    using deadline = startDeadline(DEADLINE_MS, titleOf(asked), signal);
    const answer = await this.#answer(asked, deadline);
    deadline.extend(timeoutSeconds * 1000 + WATCH_GRACE_MS);
    try {
      for await (const line of linesOf(answer)) yield this.#read(asked, () => readFrame(resource, line));
    } catch (error) {
      throw reasonOf(error, deadline.signal, this.#server);
    }
  }

  /** Connections that nobody uses are closed. */
  close(): void {
    this.#exchange.close();
  }

  async #object(asked: Asked): Promise<KubernetesObject> {
    const value = await this.#json(asked);
    return this.#read(asked, () => readObject(asked.resource, value));
  }

  async #json(asked: Asked): Promise<unknown> {
    using deadline = startDeadline(asked.deadlineMs ?? DEADLINE_MS, titleOf(asked), asked.signal);
    const answer = await this.#answer(asked, deadline);
    const text = await textOf(answer, deadline.signal, this.#server);
    return this.#read(asked, () => JSON.parse(text) as unknown);
  }

  /** An answer that is none of a refusal. */
  async #answer(asked: Asked, { signal }: Deadline): Promise<IncomingMessage> {
    const { verb, resource } = asked;
    const began = performance.now();
    const observe = (code: string): void =>
      this.#observer.requested({
        verb,
        resource: resourceTitle(resource),
        code,
        durationMs: performance.now() - began,
      });
    let answer: IncomingMessage;
    try {
      answer = await this.#exchange.send(asked, signal);
    } catch (error) {
      observe(error instanceof ChatelaineError ? error.code : 'aborted');
      throw error;
    }
    const code = answer.statusCode as number;
    observe(String(code));
    if (code >= 200 && code < 300) return answer;
    const text = await textOf(answer, signal, this.#server);
    const retryAfter = answer.headers['retry-after'] ?? '';
    throw refusalError(titleOf(asked), code, readStatus(parsed(text)), {
      confidential: isConfidential(asked),
      retryAfter,
    });
  }

  #read<Value>(asked: Asked, read: () => Value): Value {
    try {
      return read();
    } catch (error) {
      const why = `the answer to ${titleOf(asked)} is not one of the Kubernetes API`;
      // What a parser says repeats what it read.
      throw clusterError('CLUSTER_UNREADABLE', why, isConfidential(asked) ? {} : { cause: error });
    }
  }
}

const isConfidential = ({ resource }: Asked): boolean => resource.apiVersion === 'v1' && resource.plural === 'secrets';

function titleOf({ verb, resource, named }: Asked): string {
  const which = named === undefined ? '' : ` \`${keyOf(named)}\``;
  return `\`${verb}\` of ${resourceTitle(resource)}${which}`;
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
