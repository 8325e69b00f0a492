/** What the appending process and the scenario share. */
export const APPENDERS = 64;

/** The log is filled in fifths, of which each is shown. */
export const PARTS = 5;

/** Then it and a new log take turns, each of so many records. */
export const TURNS = 20;
export const RECORDS_A_TURN = 10_000;

export interface Appended {
  readonly records: number;
  readonly loopMicroseconds: number;
  readonly processMicroseconds: number;
  readonly ms: number;
  readonly flushes: number;
}

export interface AppenderReport {
  readonly parts: readonly Appended[];
  /** One after the other, so that whatever else the machine does in the meantime is done to both. */
  readonly turns: readonly { readonly grown: Appended; readonly begun: Appended }[];
}
