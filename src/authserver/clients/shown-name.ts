import { err, ok, type Result } from '#kernel';

export const LONGEST_NAME = 256;

/**
 * Control characters, marks that turn the direction of text (UAX 9), invisible ones, halves of characters,
 * private and unassigned ones, line breaks: with any of them people are shown another name than is written.
 */
const UNSEEMLY = /[\p{C}\p{Zl}\p{Zp}\u{115f}\u{1160}\u{3164}\u{ffa0}]/u;

/** A name that people will be shown, in its one spelling; what could deceive them is refused, not repaired. */
export function checkShownName(text: string): Result<string, string> {
  if (text.length > LONGEST_NAME) return err(`it has more than ${LONGEST_NAME} characters`);
  // Before `trim`, which takes line breaks and byte order marks away with the spaces.
  if (UNSEEMLY.test(text)) return err('it holds control or invisible characters');
  const name = text
    .normalize('NFC')
    .replaceAll(/\p{Zs}+/gu, ' ')
    .trim();
  if (name === '') return err('it is empty');
  return ok(name);
}
