import type { ChatelaineError } from '#kernel';
import { gatewayError } from '../../errors.ts';

/** Why an answer is not given. `mask`: whose doing it is. */
export const blocked = (mask: string, why: string): ChatelaineError =>
  gatewayError('OUTPUT_BLOCKED', `the answer is not given: mask \`${mask}\` ${why}`, { details: { mask } });
