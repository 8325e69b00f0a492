/** Who has what only one can have. Of two the older has it: what somebody makes later takes nothing from anybody (OPR-003). */
import { issuerOf, keyOf, resourceOf, type Known, type Snapshot } from './snapshot.ts';

/**
 * By creation, then by uid: both are the API server's to write. What is not there yet is younger than all that is. Names
 * decide nothing, since somebody chooses them.
 */
export function isOlder(one: Known, other: Known): boolean {
  if (one.creationTimestamp === '' || other.creationTimestamp === '') return one.creationTimestamp !== '';
  const [at, otherAt] = [Date.parse(one.creationTimestamp), Date.parse(other.creationTimestamp)];
  return at === otherAt ? one.uid < other.uid : at < otherAt;
}

function oldest<Of extends Known>(claimants: readonly Of[]): Of | undefined {
  return claimants.reduce<Of | undefined>(
    (first, one) => (first === undefined || isOlder(one, first) ? one : first),
    undefined,
  );
}

/** Whose the resource URL is. One that is being deleted has it until it is gone: its tokens are still good. */
export const resourceHolder = (snapshot: Snapshot, resourceUrl: string) =>
  oldest<Known<'MCPServer'> | Known<'MCPGateway'>>(snapshot.owners(resourceOf(resourceUrl)));

export const issuerHolder = (snapshot: Snapshot, issuer: string) => oldest(snapshot.issuers(issuerOf(issuer)));

export const isSame = (one: Known, other: Known): boolean => keyOf(one) === keyOf(other);
