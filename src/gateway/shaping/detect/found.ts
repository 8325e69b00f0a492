/** Where something stands in a text that a mask covers: from `start` up to `end`. */
export interface Found {
  readonly start: number;
  readonly end: number;
  /** The one spelling of what is there, so that two spellings have one digest; the text itself without it. */
  readonly canonical?: string;
}

/** Looks through a text once, in time in proportion to it. */
export interface Detector {
  /** Everything that it finds; undefined where it did not find out in time. */
  find(text: string): readonly Found[] | undefined;
  /** Whether what it looks for may be written as a number. */
  readonly inNumbers?: boolean;
}
