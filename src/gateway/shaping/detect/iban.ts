/** International bank account numbers (ISO 13616): the length that the country has, and the check digits. */
import type { Detector, Found } from './found.ts';

/** By country, of the registry that SWIFT keeps. */
const LENGTHS: Readonly<Record<string, number>> = Object.fromEntries(
  `AD24 AE23 AL28 AT20 AZ28 BA20 BE16 BG22 BH22 BI27 BR29 BY28 CH21 CR22 CY28 CZ24 DE22 DJ27 DK18 DO28 EE20 EG29 ES24
  FI18 FK18 FO18 FR27 GB22 GE22 GI23 GL18 GR27 GT28 HR21 HU28 IE22 IL23 IQ23 IS26 IT27 JO30 KW30 KZ20 LB28 LC32 LI21
  LT20 LU20 LV21 LY25 MC27 MD24 ME22 MK19 MN20 MR27 MT31 MU30 NI28 NL18 NO15 OM23 PK24 PL28 PS29 PT25 QA29 RO24 RS22
  RU33 SA24 SC31 SD18 SE24 SI19 SK24 SM27 SO23 ST25 SV28 TL23 TN24 TR26 UA29 VA22 VG24 XK20 YE30`
    .split(/\s+/)
    .map((entry) => [entry.slice(0, 2), Number(entry.slice(2))]),
);

export const iban: Detector = {
  find(text) {
    const found: Found[] = [];
    for (const { index } of text.matchAll(/(?<![A-Za-z0-9])[A-Za-z]{2}[0-9]{2}/g)) {
      if (index < (found.at(-1)?.end ?? 0)) continue;
      const one = ibanAt(text, index);
      if (one !== undefined) found.push(one);
    }
    return found;
  },
};

/** As many letters and digits as the country's have, with single spaces between them. */
function ibanAt(text: string, start: number): Found | undefined {
  const length = LENGTHS[text.slice(start, start + 2).toUpperCase()] ?? 0;
  let canonical = '';
  let end = start;
  for (let at = start; at < text.length && canonical.length < length; at++) {
    const character = text[at] as string;
    if (/[A-Za-z0-9]/.test(character)) {
      canonical += character.toUpperCase();
      end = at + 1;
    } else if (!/[ \u00a0-]/.test(character) || end !== at) return undefined;
  }
  if (length === 0 || canonical.length < length || /[A-Za-z0-9]/.test(text[end] ?? '')) return undefined;
  return isChecked(canonical) ? { start, end, canonical } : undefined;
}

/** ISO/IEC 7064, MOD 97-10: with the first four characters at the end and letters as numbers, the rest is 1. */
function isChecked(written: string): boolean {
  let rest = 0;
  for (const character of written.slice(4) + written.slice(0, 4)) {
    const value = Number.parseInt(character, 36);
    rest = (rest * (value > 9 ? 100 : 10) + value) % 97;
  }
  return rest === 1;
}
