/** What the appending process and the scenario share. */
export const APPENDERS = 64;

/** The log is filled in fifths; the last is held against the first. */
export const PARTS = 5;

export interface Appended {
  readonly records: number;
  readonly loopMicroseconds: number;
  readonly processMicroseconds: number;
  readonly ms: number;
  readonly flushes: number;
}
