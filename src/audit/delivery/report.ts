import { z } from 'zod';
import { moment, momentOf } from '#http';
import type { DeliveryStatus } from './delivery.ts';
import type { DeliveryStanding } from './standing.ts';

/** How each receiver stands, on the wire. */
export const deliveryReport = z.strictObject({
  items: z.array(
    z.strictObject({
      name: z.string().describe('The receiver, as `audit:` names it.'),
      state: z
        .enum(['sending', 'failing', 'standby'])
        .describe('`standby`: the process that answers does not send; another may.'),
      behind: z.int().describe('Records, or checkpoints of an anchor, that it does not have yet.'),
      delivered: z.int().describe('How many this process has delivered.'),
      refused: z.int().describe('How many the receiver will not have, however often they come.'),
      reachedAt: moment.optional().describe('When something was last delivered, or nothing was left to be.'),
      failure: z.strictObject({ since: moment, attempts: z.int(), message: z.string() }).optional(),
    }),
  ),
});
export type DeliveryReport = z.output<typeof deliveryReport>;

/** Of the process that sends, its own word; of another, how it lies. */
export function reportDeliveries(all: readonly (DeliveryStatus | DeliveryStanding)[]): DeliveryReport {
  return {
    items: all.map((one) => {
      if (!('state' in one)) return { name: one.name, state: 'standby', behind: one.behind, delivered: 0, refused: 0 };
      const { name, state, behind, delivered, refused, reachedAt, failure } = one;
      return {
        ...{ name, state, behind, delivered, refused },
        ...(reachedAt !== undefined && { reachedAt: momentOf(reachedAt) }),
        ...(failure && { failure: { ...failure, since: momentOf(failure.since) } }),
      };
    }),
  };
}
