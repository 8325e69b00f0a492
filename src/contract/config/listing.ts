import { z } from 'zod';

/**
 * `listing:` of a toolset, a group or the server: whether `tools/list` shows every tool, or the two tools by which
 * the others are found and called.
 */
export const listingSchema = z.union([
  z.enum(['all', 'progressive']),
  z.strictObject({
    progressiveFrom: z
      .int()
      .min(1)
      .max(100_000)
      .describe('From how many tools on, as the caller sees them, they are found instead of listed.'),
  }),
]);

export type Listing = z.output<typeof listingSchema>;

/** From how many tools on a listing is progressive. */
export function progressiveFrom(listing: Listing): number {
  if (listing === 'all') return Number.POSITIVE_INFINITY;
  return listing === 'progressive' ? 1 : listing.progressiveFrom;
}

/** What a progressive listing shows: tools of that name there would stand in their way. */
export const PROGRESSIVE_TOOLS = ['find_tools', 'call_tool'] as const;
