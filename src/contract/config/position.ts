/** A place in a configuration file; line and column count from 1. */
export interface Position {
  /** The file as the operator named it. */
  readonly file: string;
  readonly line: number;
  readonly column: number;
}

/** A place with the text around it, ready to be shown. */
export interface Place extends Position {
  /** The line, and a caret under the column. */
  readonly excerpt: string;
}

/** Keys and indices from the top of a document to a value in it: `['parameters', 0, 'type']`. */
export type FieldPath = readonly (string | number)[];

/** What every declaration carries beside its fields, so that a later fault can still name its place. */
export interface Declared {
  readonly origin: Position;
  /** The folder of the file, absolute: relative paths of the declaration start here. */
  readonly directory: string;
  /**
   * Where a field of this declaration was written. A path that leads nowhere gives the nearest part of
   * it that exists, at worst the start of the declaration.
   *
   * `within`: a place in the text that the field holds, lines and columns from 1. Where the text is written
   * otherwise than as a `|` block, its place cannot be told from that of the field.
   */
  locate(path: FieldPath, within?: Pick<Position, 'line' | 'column'>): Place;
}
