/**
 * http: the frame of the REST API `/api/v1`.
 *
 * Owns what a route is (`route.ts`: data, declared by the module whose behaviour it shows, in its
 * `routes.ts`), the steps that every request goes through (`frame.ts`), problems (RFC 9457,
 * `problem.ts`), conditional requests (RFC 9110 §13, `conditional.ts`), pages and their cursors
 * (`cursor.ts`), answers longer than memory (`streamed.ts`), `Idempotency-Key` (`idempotency.ts`), the OpenAPI
 * 3.1 description (`openapi.ts`), and the door to it all behind a listener (`door.ts`, Fastify, loaded when the
 * first request comes).
 * Does not own: any route but that of the description, who is calling (a port to the gateway and identity),
 * who may do what (`Refuse`, a port to identity), how a secret is sealed (`SecretSealer`, a port to the vault),
 * the record (`AuditTrail`).
 * Tables: `idempotency_keys`, `api_secrets`, queried in `store/` alone.
 */
import type { ApiHandler, DoorOptions } from './door.ts';
import type { Api, createApi as CreateApi } from './api.ts';
import type * as OpenApi from './openapi.ts';

export type { Api, LocalRequest } from './api.ts';
export { entityTag } from './conditional.ts';
export {
  readApprovalKey,
  readMaskKey,
  readReplicaKey,
  readRoundsKey,
  readCursorKey,
  readInstallationSecret,
  readNonceSecret,
  type SecretSealer,
} from './installation-secret.ts';
export { apiSecretColumn } from './store/api-secrets-store.ts';
export type { Described } from './openapi.ts';
export type { Answer, Problem } from './problem.ts';
export { listing, route, stream, type Call, type PageOf, type Pieces, type Route } from './route.ts';
export { startPruning, type PruningOptions } from './start-pruning.ts';
export type { ApiHandler, DoorOptions, Visit } from './door.ts';
export { momentOf, moment } from './moment.ts';

/** Loaded when used: a server that only serves tools needs no Fastify. */
export const openApiDoor = async (api: Api, options: DoorOptions): Promise<ApiHandler> =>
  (await import('./door.ts')).openDoor(api, options);

/** Loaded when used, likewise. As `createApi` of `api.ts`. */
export const createApi = async (...given: Parameters<typeof CreateApi>): Promise<Api> =>
  (await import('./api.ts')).createApi(...given);

/** What describes an API of its own accord: for who writes the reference. */
export const loadDescription = (): Promise<typeof OpenApi> => import('./openapi.ts');
