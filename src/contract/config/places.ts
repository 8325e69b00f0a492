import { z } from 'zod';
import { absolutePath } from './database.ts';

/** `places:` in `kind: server`: the files that say where an address is, in the format MaxMind DB (`.mmdb`). */
export const placesSchema = z.strictObject({
  country: absolutePath
    .optional()
    .describe('A file with the countries of addresses, followed when it changes; the one that is shipped else.'),
  asn: absolutePath
    .optional()
    .describe(
      'A file with the autonomous systems of addresses, followed when it changes. Without it, what a policy makes of `asn` is denied.',
    ),
});
