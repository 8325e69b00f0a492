/** Letters that no accent explains, as people without them on the keyboard write them. */
const LETTERS: Readonly<Record<string, string>> = {
  ß: 'ss',
  æ: 'ae',
  œ: 'oe',
  ø: 'o',
  ł: 'l',
  đ: 'd',
  ð: 'd',
  þ: 'th',
  ı: 'i',
  ħ: 'h',
  ŋ: 'n',
  ə: 'a',
};
const UMLAUTS: Readonly<Record<string, string>> = { ä: 'ae', ö: 'oe', ü: 'ue' };

/** Case and accents gone: `São Tomé` → `sao tome`. */
export const withoutAccents = (text: string): string => text.normalize('NFKD').replace(/\p{M}/gu, '').toLowerCase();

/**
 * The spellings of a name that a search without regard to accents would miss: `Tromsø` → `tromso`,
 * `Zürich` → `zuerich`, `Arkhangel’sk` → `arkhangelsk`. Undefined for the many names that have none.
 */
export function plainSpellings(name: string): string | undefined {
  const lower = name.toLowerCase();
  const found = new Set<string>();
  const joined = lower.replace(/[’‘ʻʼ`'´]/g, '');
  const lettered = joined.replace(/[ßæœøłđðþıħŋə]/g, (letter) => LETTERS[letter] as string);
  if (lettered !== lower) found.add(withoutAccents(lettered));
  const umlauted = lettered.normalize('NFC').replace(/[äöü]/g, (letter) => UMLAUTS[letter] as string);
  if (umlauted !== lettered) found.add(withoutAccents(umlauted));
  return found.size > 0 ? [...found].join(' | ') : undefined;
}
