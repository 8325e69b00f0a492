/**
 * pool: which connection a call goes over.
 *
 * One for each authorization context and set of capabilities (`connection-key.ts`), opened once however many ask for
 * it, kept while it is used and a while longer, and never more than the document allows (`connection-pool.ts`). Does
 * not own: what goes over it (`bridge/`), how it is opened (`connections/`).
 */
export { askableOf, connectionKey } from './connection-key.ts';
export { ConnectionPool, type Lease } from './connection-pool.ts';
