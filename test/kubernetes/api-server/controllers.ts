/**
 * What runs controllers beside the server, where a test wants some (`../controllers/`). They learn of changes from the
 * store, so that the watches and lists on record are those of a test; all that they do is requests, each with a token
 * of its own.
 */
import type { ApiObject, JsonObject } from './json.ts';
import type { ApiServer } from './server.ts';
import type { Change } from './store.ts';

export interface Seen {
  readonly type: Change['type'];
  /** `apps/deployments`, and `/secrets` of the core group. */
  readonly resource: string;
  readonly object: ApiObject;
}

export interface Controller {
  readonly name: string;
  /** Called before anything else, once. */
  readonly prepare?: (client: ControllerClient) => Promise<void>;
  /** One change after the other; what was there when it started comes as added. */
  readonly see: (seen: Seen, client: ControllerClient) => Promise<void>;
}

export class ControllerClient {
  readonly #server: ApiServer;
  readonly #token: string;
  readonly #name: string;

  constructor(server: ApiServer, name: string) {
    this.#server = server;
    this.#name = name;
    const username = `system:serviceaccount:kube-system:${name}`;
    this.#token = server.tokens.grant({ username, groups: ['system:masters', 'system:authenticated'] });
  }

  /** The status of the answer, and its body. */
  async send(
    method: string,
    path: string,
    body?: JsonObject,
    type = 'json',
  ): Promise<{ status: number; body: JsonObject }> {
    const answer = await fetch(this.#server.url + path, {
      method,
      headers: {
        accept: 'application/json',
        authorization: `Bearer ${this.#token}`,
        'content-type': `application/${type}`,
        'user-agent': `${this.#name}/1.0`,
      },
      ...(body !== undefined && { body: JSON.stringify(body) }),
    });
    return { status: answer.status, body: (await answer.json()) as JsonObject };
  }

  status(path: string, status: JsonObject): Promise<{ status: number }> {
    return this.send('PATCH', `${path}/status`, { status }, 'merge-patch+json');
  }

  /** Where an object is. */
  pathOf({ resource, object }: Pick<Seen, 'resource' | 'object'>): string {
    const [group = '', plural = ''] = resource.split('/');
    const { namespace, name = '' } = object.metadata;
    const root = group === '' ? '/api' : '/apis';
    const place = namespace === undefined ? '' : `/namespaces/${namespace}`;
    return `${root}/${object.apiVersion}${place}/${plural}/${name}`;
  }
}

export class Controllers implements AsyncDisposable {
  readonly #server: ApiServer;
  readonly #running: readonly { controller: Controller; client: ControllerClient }[];
  readonly #unsubscribe: () => void;
  #work: Promise<void>;
  #isEnding = false;

  constructor(server: ApiServer, controllers: readonly Controller[]) {
    this.#server = server;
    this.#running = controllers.map((controller) => ({
      controller,
      client: new ControllerClient(server, controller.name),
    }));
    this.#work = this.#prepare();
    this.again();
    this.#unsubscribe = server.store.subscribe(({ type, resource, object }) => this.#take({ type, resource, object }));
  }

  /** All that is there is seen once more: for a controller that a test has told something else. */
  again(): void {
    const all = this.#server.registry.all().filter(({ review }) => !review);
    const resources = new Set(all.map(({ group, plural }) => `${group}/${plural}`));
    for (const resource of resources)
      for (const object of this.#server.store.list(resource, undefined))
        this.#take({ type: 'ADDED', resource, object });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#isEnding = true;
    this.#unsubscribe();
    await this.#work;
  }

  async #prepare(): Promise<void> {
    for (const { controller, client } of this.#running) await controller.prepare?.(client);
  }

  #take(seen: Seen): void {
    this.#work = this.#work.then(async () => {
      if (this.#isEnding) return;
      for (const { controller, client } of this.#running) await controller.see(seen, client);
    });
    // A failure is told by whoever waits for the end.
    this.#work.catch(() => {});
  }
}
