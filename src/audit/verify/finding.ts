/** Something in a log that is not as it was written. */
export interface Finding {
  readonly kind:
    /** The record at this place is not the one that was written there. */
    | 'changed'
    /** There is a later record, or a checkpoint that covers this one; it is gone. */
    | 'missing'
    /** Another record stands here than the one that belongs here. */
    | 'out-of-place'
    /** Chain by chain all is well, and yet it is not what the checkpoint signed: the chain was written anew. */
    | 'rewritten'
    | 'writer-missing'
    | 'checkpoint-changed'
    | 'checkpoint-missing'
    | 'signature';
  readonly message: string;
  /** Which chain, and the first record of it that cannot be vouched for. */
  readonly writer?: string;
  readonly seq?: number;
  /** Which checkpoint. */
  readonly checkpoint?: number;
}
