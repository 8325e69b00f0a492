/**
 * catalogue: what a server behind us offers.
 *
 * `catalogue.ts` asks in the background, again when the server says that something changed and now and then, and keeps
 * what it last knew while the server is away: nobody waits for a server that does not answer. `read-lists.ts` reads
 * lists whole and within bounds, `caller-catalogue.ts` is of servers that answer each caller by themselves,
 * `definitions.ts` and `parameter-headers.ts` say what of them can be there. Does not own: what becomes of a definition
 * here (`entries/`), whether it was approved (registry).
 */
export { Catalogue, LIST_CHANGED, type Known } from './catalogue.ts';
export { CallerCatalogue, type ChangedList } from './caller-catalogue.ts';
export { schemaFault, type AcceptedTool } from './definitions.ts';
export type { KnownLists } from './read-lists.ts';
