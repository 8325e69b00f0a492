/** Watches: a stream of frames from a revision on, ended by time, by the client or by a fault. */
import type { ServerResponse } from 'node:http';
import type { Call } from './call.ts';
import { checkVersion, selectorOf, versionFault } from './lists.ts';
import type { ApiObject, JsonObject } from './json.ts';
import { checkListOptions, isTrue } from './options.ts';
import { type Accepted, asForm, contentTypeOf } from './representation.ts';
import { apiVersionOf, resourceKey } from './resource-type.ts';
import type { Selector } from './selectors.ts';
import { expired, internal, type Refusal } from './statuses.ts';
import type { Change, Store } from './store.ts';

/** Bookmarks come this long before the server ends the stream. */
const bookmarkLead = 2;
const initialEnd = { 'k8s.io/initial-events-end': 'true' };

export class Watch {
  readonly #response: ServerResponse;
  readonly #call: Call;
  readonly #accepted: Accepted;
  readonly #selects: Selector;
  readonly #store: Store;
  readonly #timers: NodeJS.Timeout[] = [];
  #unsubscribe = (): void => {};
  #frames = 0;
  #told = 0;
  #seen = 0;
  /** Called after each frame with how many there were. */
  onFrame = (_count: number): void => {};

  constructor(store: Store, call: Call, response: ServerResponse, accepted: Accepted) {
    checkListOptions(call.query, true);
    const version = call.query.get('resourceVersion') ?? '';
    if (version !== '' && !/^\d+$/.test(version)) throw internal(versionFault(version));
    this.#selects = selectorOf(call);
    this.#store = store;
    this.#call = call;
    this.#response = response;
    this.#accepted = accepted;
  }

  /** A second of the watch's time lasts `second` milliseconds. */
  start(second: number): void {
    const { query } = this.#call;
    this.#response.writeHead(200, { 'content-type': contentTypeOf(this.#accepted) });
    this.#response.flushHeaders();
    this.#response.once('close', () => this.#release());
    const version = query.get('resourceVersion') ?? '';
    const initial = query.get('sendInitialEvents');
    if (version === '' || version === '0' || isTrue(initial ?? 'no')) this.#sendState(isTrue(initial ?? 'no'));
    else if (Number(version) < this.#store.compacted) {
      this.fail(this.#tooOld(version));
      return;
    } else this.#sendHistory(Number(version));
    this.#unsubscribe = this.#store.subscribe((change) => this.#take(change));
    const seconds = Number(query.get('timeoutSeconds') ?? 1800);
    if (isTrue(query.get('allowWatchBookmarks') ?? 'no') && seconds > bookmarkLead)
      this.#timers.push(setTimeout(() => this.bookmark(), (seconds - bookmarkLead) * second));
    this.#timers.push(setTimeout(() => this.end(), seconds * second));
  }

  /** Tells how far this watch has seen, if that is news. */
  bookmark(): void {
    if (this.#seen <= this.#told) return;
    this.#told = this.#seen;
    this.#send('BOOKMARK', this.#marker(this.#seen));
  }

  /** An ERROR frame, and the end. */
  fail(refusal: Refusal): void {
    this.#send('ERROR', refusal.status);
    this.end();
  }

  end(): void {
    this.#release();
    this.#response.end();
  }

  /** The connection is reset, without an end of the stream. */
  cut(): void {
    this.#release();
    this.#response.socket?.resetAndDestroy();
  }

  get path(): string {
    return this.#call.path;
  }

  #tooOld(version: string): Refusal {
    return resourceKey(this.#call.type) === '/events'
      ? expired('The resourceVersion for the provided watch is too old.')
      : expired(`too old resource version: ${version} (${this.#store.compacted})`);
  }

  #sendState(withEnd: boolean): void {
    const { type, namespace } = this.#call;
    for (const object of this.#store.list(resourceKey(type), namespace))
      if (this.#selects(object)) this.#send('ADDED', object);
    this.#told = this.#store.revision;
    if (withEnd) this.#send('BOOKMARK', this.#marker(this.#store.revision, initialEnd));
  }

  #sendHistory(version: number): void {
    checkVersion(this.#store, String(version), internal);
    this.#told = version;
    for (const change of this.#store.after(resourceKey(this.#call.type), version)) this.#take(change);
  }

  /** A change as this watch's selectors see it: leaving them is a DELETED, entering an ADDED. */
  #take({ type, revision, resource, namespace, object, previous }: Change): void {
    if (resource !== resourceKey(this.#call.type)) return;
    this.#seen = revision;
    if (this.#call.namespace !== undefined && namespace !== this.#call.namespace) return;
    const before = previous !== undefined && this.#selects(previous);
    const after = type !== 'DELETED' && this.#selects(object);
    if (!before && !after) return;
    this.#told = revision;
    if (after) this.#send(before ? 'MODIFIED' : 'ADDED', object);
    else this.#send('DELETED', type === 'DELETED' ? object : this.#atRevision(previous, revision, object));
  }

  #atRevision(previous: ApiObject | undefined, revision: number, object: ApiObject): ApiObject {
    const last = previous ?? object;
    return { ...last, metadata: { ...last.metadata, resourceVersion: String(revision) } };
  }

  #marker(revision: number, annotations?: Record<string, string>): JsonObject {
    const { type } = this.#call;
    const metadata = { resourceVersion: String(revision), ...(annotations === undefined ? {} : { annotations }) };
    return { kind: type.kind, apiVersion: apiVersionOf(type), metadata };
  }

  #send(event: string, object: JsonObject): void {
    if (this.#response.writableEnded) return;
    const shown = asForm(object, this.#call.type, this.#accepted.form, this.#frames === 0);
    this.#frames++;
    this.#response.write(`${JSON.stringify({ type: event, object: shown })}\n`);
    this.onFrame(this.#frames);
  }

  #release(): void {
    this.#unsubscribe();
    for (const timer of this.#timers) clearTimeout(timer);
  }
}
