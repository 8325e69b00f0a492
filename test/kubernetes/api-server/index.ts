/**
 * A Kubernetes API server for tests: in this process, in memory, over real HTTP on loopback.
 *
 * Its answers are held against recordings of kube-apiserver 1.36 by `../golden.test.ts`, which also lists what is
 * out of scope. There are no controllers unless a test names some (`../controllers/`): nothing collects garbage, no
 * Deployment becomes ready, and a namespace stays Terminating until somebody finalizes it.
 *
 * Without a token a request is the administrator's (`mustSignIn: true`: nobody's). With one it is that of a service
 * account (`api.tokens.issue`, or a TokenRequest) or of anybody (`api.tokens.grant`), and may do what roles and their
 * bindings allow. `api.requests` says whose each was and what it was about.
 *
 *     await using api = await startApiServer();
 *     const answer = await fetch(`${api.url}/api/v1/namespaces`);
 *     api.faults.inject(({ method }) => method === 'PATCH', { kind: 'reset-after' });
 *     for (const watch of api.watches('/leases')) watch.cut();
 *     api.compact({ watches: true });
 *     const asked = api.requests.filter(({ user, resource }) => user === operator && resource === 'secrets');
 *
 * The way of a request: `server` receives it and meets its fault (`faults`), `sender` says whose it is and lets it in
 * (`callers`, `tokens`, `rights`), `call` routes it to a resource type of the `registry` (built-in ones in `types/`,
 * custom ones from the definitions that are stored), and `answers` has one of `writes`, `deletes`, `lists`, `watches`
 * and `reviews` serve it from the `store`. Before something is written, `reading` or `patches` makes an object of the
 * body, `managed-fields` settles who owns what (`field-set`, `typed-values`), `pruning`, `schema-validation` and `rules`
 * hold it against its `schema`, `names` its metadata, and `webhooks` are asked. `representation` writes the answer;
 * refusals are made in `statuses` alone.
 */
import { ApiServer, type Options } from './server.ts';

export type { Caller } from './callers.ts';
export type { Controller } from './controllers.ts';
export type { Fault, Request } from './faults.ts';
export type { ApiObject, Json, JsonObject, ObjectMeta } from './json.ts';
export { ApiServer } from './server.ts';
export { expired, forbidden, internal, modified, notFound, Refusal } from './statuses.ts';

export async function startApiServer(options?: Options): Promise<ApiServer> {
  const server = new ApiServer(options);
  await server.listen();
  return server;
}
