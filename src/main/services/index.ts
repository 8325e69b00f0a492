/**
 * main/services: what keeps state, opened in one order: state → audit → vault → identity → API.
 *
 * `openServices` is for the server and for commands on a data directory alike; `key-wrapper.ts` turns
 * `vault:` of the configuration into what the vault takes.
 */
export { openServices, type Services, type ServicesOptions } from './open-services.ts';
