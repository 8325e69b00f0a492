import { html, type Html } from '#identity';

/**
 * Characters that a person does not see, or that change what they see: controls, formats (zero width, direction,
 * tags), joiners, variation selectors, spaces that are none, private and unassigned ones, halves of pairs. What a
 * model was told to send in them, or what an argument hides between two letters, must not be approved unseen.
 */
const HIDDEN = /[\p{Cc}\p{Cf}\p{Cn}\p{Co}\p{Cs}\p{Zl}\p{Zp}\p{Default_Ignorable_Code_Point}]|(?! )\p{Zs}/gu;

/** Line ends that `pre` shows, where a text was laid out by us. */
const LAID_OUT = '\n';

export interface Visible {
  readonly shown: Html;
  /** How many characters were made visible. */
  readonly hidden: number;
}

/** The text as a person can read all of it. `laidOut`: its line ends are ours. */
export function visibleText(text: string, { laidOut = false }: { readonly laidOut?: boolean } = {}): Visible {
  const parts: Html[] = [];
  let [at, hidden] = [0, 0];
  for (const match of text.matchAll(HIDDEN)) {
    if (laidOut && match[0] === LAID_OUT) continue;
    parts.push(html`${text.slice(at, match.index)}<mark>${nameOf(match[0])}</mark>`);
    at = match.index + match[0].length;
    hidden++;
  }
  parts.push(html`${text.slice(at)}`);
  return { shown: html`${parts}`, hidden };
}

const nameOf = (character: string): string =>
  `U+${(character.codePointAt(0) as number).toString(16).toUpperCase().padStart(4, '0')}`;

/** A value of JSON laid out for people. Its strings are JSON's, so a line end in one reads `\n`. */
export const visibleJson = (value: unknown): Visible => visibleText(JSON.stringify(value, null, 2), { laidOut: true });
