/**
 * authserver/limits: how much strangers may ask of the authorization server.
 *
 * Owns how often a client's secret (`client-secrets.ts`) and a user code (`user-codes.ts`) may be guessed, how many
 * requests one address may open (`door-limits.ts`) and how many there may be open at once (`openings.ts`), and
 * what no request may look like (`request-shape.ts`). `budgets.ts` has the figures.
 * Does not own counting (`Throttle` of identity: in the database, so that several processes let through what one
 * would, and a restart forgets nothing), sizes of headers (the listener) and bodies (`provider/incoming.ts`).
 * Table: `known_client_places`. RFC 6749 §2.3.1 and §10.10, RFC 8628 §5.1, RFC 9126 §7, RFC 9700 §4.
 */
export { DoorLimits, type Judged } from './door-limits.ts';
export { OPENING_LIMITS, Openings, type OpeningLimits } from './openings.ts';
export { checkShape, isProviderPath } from './request-shape.ts';
