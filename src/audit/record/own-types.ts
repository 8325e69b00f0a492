/** Types of the records that the log writes about itself; nobody else may. */
export const CHECKPOINT_TYPE = 'audit.checkpoint';
export const RESUMED_TYPE = 'audit.resumed';
export const TAIL_CUT_TYPE = 'audit.tail-cut';
export const DAMAGED_TYPE = 'audit.damaged';
export const RETAINED_TYPE = 'audit.retained';

export const OWN_TYPES: ReadonlySet<string> = new Set([
  CHECKPOINT_TYPE,
  RESUMED_TYPE,
  TAIL_CUT_TYPE,
  DAMAGED_TYPE,
  RETAINED_TYPE,
]);
