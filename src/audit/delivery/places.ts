import { z } from 'zod';

const chainPlaces = z.record(z.string(), z.int().nonnegative());

/** How far a record feed has got in each chain, from its place. Throws for what no feed has written. */
export function readPlaces(place: string | undefined): Readonly<Record<string, number>> {
  return place === undefined ? {} : chainPlaces.parse(JSON.parse(place));
}
