/**
 * operator/references: what of an object can be judged only beside the others. Pure functions over a `Snapshot`.
 *
 * The admission webhook and every reconcile call the same ones (`faultsOf`): the webhook is where somebody hears of it at
 * once, and no control by itself, since it may be away and sees one request at a time (OPR-008). `fault.ts` is the
 * catalogue of reasons, each with what the webhook makes of it. `snapshot.ts` is how the objects are looked up, `claims.ts` who has an
 * issuer or a resource URL, `owner-references.ts` what an MCPServer and an MCPGateway refer to, `usage.ts` who still uses an
 * object that is to go.
 */
export { faultsOf } from './faults-of.ts';
export { isRefusal, REFERENCE_REASONS, type ReferenceFault, type ReferenceReason } from './fault.ts';
export { issuerOf, snapshotOf, keyOf, resourceOf, type Snapshot, type Known, type KnownObject } from './snapshot.ts';
export { issuerHolder, resourceHolder, isOlder } from './claims.ts';
export {
  authServerOf,
  authServersOf,
  configReferences,
  fromAuthServer,
  membersOf,
  neededUpstreams,
  outgoingConfigs,
  type AuthServerPlace,
  type Owner,
} from './owner-references.ts';
export { usersOf } from './usage.ts';
