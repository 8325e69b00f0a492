/**
 * identity/permissions: who may do what to what Chatelaine keeps.
 *
 * `table.ts` is the whole answer as data: one line an action. `rank.ts` says which roles somebody may
 * hand on, `decide.ts` puts both together; everything here is pure. Services ask before they change
 * something, in the transaction of the change; a REST route names its action, so that the matrix of routes
 * and roles is read from the same table. Calling tools is no administration: policy decides that.
 */
export { decide, permissionCheck, refuseBy, type CheckPermission, type Refusal, type Target } from './decide.ts';
export { holds, isEverywhere, mayGrant, type Ranked } from './rank.ts';
export { PERMISSIONS, type Action, type Permission, type PermissionTable } from './table.ts';
