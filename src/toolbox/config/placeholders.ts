/**
 * `${NAME}` in YAML. Inside `[…]` and `{…}` a brace would end the scalar, and a default may hold `: `
 * or ` #`, so the punctuation of every reference is covered by characters that mean nothing to YAML
 * while the text is parsed, and uncovered in the scalars. Each cover is one character for one, so all
 * offsets stay. Toolbox pastes values before parsing instead, which lets a value add documents.
 */

// Noncharacters: Unicode sets U+FDD0..U+FDEF aside for a process's own use; text that has them is refused.
const COVERED = '{}[],:#';
const FIRST_COVER = 0xfdd0;

/**
 * A reference as Toolbox reads it: `${V}`, `${V:default}`, `${V:-default}`, `${V:?message}`. It ends on
 * its line: an unclosed one in a comment would otherwise cover the YAML below it.
 */
export const REFERENCE = /\$\{(\w+)(?:(:-|:\?|:)([^}\r\n]*))?\}/g;

export interface Covered {
  readonly text: string;
  /** Where each reference starts, ascending. */
  readonly offsets: readonly number[];
}

/** Covers the punctuation of every reference. The text must hold no noncharacter of the block. */
export function coverReferences(text: string): Covered {
  const offsets: number[] = [];
  const covered = text.replace(REFERENCE, (reference, ...rest) => {
    offsets.push(rest.find((argument) => typeof argument === 'number') as number);
    return reference.replace(/[{}[\],:#]/g, (character) =>
      String.fromCharCode(FIRST_COVER + COVERED.indexOf(character)),
    );
  });
  return { text: covered, offsets };
}

/** The text as it was written. */
export function uncover(text: string): string {
  return text.replace(/[\ufdd0-\ufdd6]/g, (cover) => COVERED.charAt(cover.charCodeAt(0) - FIRST_COVER));
}
