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

/**
 * Whose the resource URL is: of who has it already, as long as it claims it, and else of the oldest. The age of an object
 * says nothing of since when it claims what it claims: an old one that is changed would take the resource of a younger
 * one, with its tokens. One that is being deleted has it until it is gone: its tokens are still good.
 */
export function resourceHolder(snapshot: Snapshot, resourceUrl: string) {
  const resource = resourceOf(resourceUrl);
  const claimants = snapshot.owners(resource);
  const incumbent = snapshot.incumbent(resource);
  return (
    claimants.find((one) => keyOf(one) === incumbent) ?? oldest<Known<'MCPServer'> | Known<'MCPGateway'>>(claimants)
  );
}

export const issuerHolder = (snapshot: Snapshot, issuer: string) => oldest(snapshot.issuers(issuerOf(issuer)));

export const isSame = (one: Known, other: Known): boolean => keyOf(one) === keyOf(other);
