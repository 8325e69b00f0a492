/**
 * policy/places: the country and the autonomous system of an address, for policies that look at them.
 *
 * Owns the files that say so (MaxMind DB; that of countries is shipped, others are the operator's), and what is
 * said of an address that none of them knows: nothing. Does not own: whose address counts (the gateway, behind
 * trusted proxies).
 *
 * ISO 3166-1 alpha-2 (countries), RFC 6793 (numbers of autonomous systems), RFC 4291 (mapped addresses).
 */
export { latePlaces, type Places } from './late-places.ts';
export type { PlacesOptions } from './places.ts';
