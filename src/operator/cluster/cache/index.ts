/**
 * operator/cluster/cache: objects of a kind, as the API server has them.
 *
 * A `reflector` lists (`list-all`, in pages) and watches, and never gives up: after a cut it watches on from the version
 * it had, after a 410 it lists again. What it sees goes into an `object-store`, which holds it frozen and by indexes
 * (`object-index`), tells what changed, and is never led back by an older `version`.
 */
export { listAll, type WholeList } from './list-all.ts';
export type { IndexFunction } from './object-index.ts';
export { ObjectStore, type ChangeHandler, type ObjectChange, type ObjectReader } from './object-store.ts';
export { Reflector, type ReflectorOptions } from './reflector.ts';
