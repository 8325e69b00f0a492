import type { DatabaseOrTransaction } from '#db';
import type { Place } from '../envelope/place.ts';

/** A sealed text and where it lies. */
export interface SealedRow {
  readonly place: Place;
  readonly text: string;
}

/**
 * The port to a column that holds sealed texts, with the id of their key in a column beside it. Every
 * module that keeps any hands its columns in, so that a rotation finds them.
 */
export interface SealedColumn {
  /** At most `limit` rows that this key sealed; none when nothing is left of it. */
  sealedWith(db: DatabaseOrTransaction, keyId: string, limit: number): Promise<readonly SealedRow[]>;
  /** Puts `text` in the place of `row.text`; false when something else stands there by now. */
  replace(db: DatabaseOrTransaction, row: SealedRow, text: string, keyId: string): Promise<boolean>;
}
