/** Distinguished names, compared attribute by attribute: of two ways to write one as text, one would be the way in. */
import type { Name } from '@peculiar/asn1-x509';

/** The short names of RFC 4514 §3; others are written as OIDs. */
const TYPES: Readonly<Record<string, string>> = {
  CN: '2.5.4.3',
  L: '2.5.4.7',
  ST: '2.5.4.8',
  O: '2.5.4.10',
  OU: '2.5.4.11',
  C: '2.5.4.6',
  STREET: '2.5.4.9',
  DC: '0.9.2342.19200300.100.1.25',
  UID: '0.9.2342.19200300.100.1.1',
};

const OID = /^\d+(?:\.\d+)+$/;
const SPECIAL = ' "#+,;<=>\\';

/** Whether a certificate has that subject, as RFC 4514 writes it: the last relative name first, every value exactly. */
export function isSubject(subject: Name, expected: string): boolean {
  const wanted = parseDistinguishedName(expected);
  if (wanted === undefined || wanted.length === 0) return false;
  const names = [...subject]
    .toReversed()
    .map((relative) => [...relative].map(({ type, value }) => JSON.stringify([type, value.toString()])).toSorted());
  return JSON.stringify(names) === JSON.stringify(wanted);
}

/** The relative names in the order of the text, each a sorted list of its attributes; undefined for what is no name. */
function parseDistinguishedName(text: string): readonly (readonly string[])[] | undefined {
  const names: string[][] = [];
  let attributes: string[] = [];
  let at = 0;
  while (at < text.length) {
    const equals = text.indexOf('=', at);
    const written = text.slice(at, equals).trim();
    const type = OID.test(written) ? written : TYPES[written.toUpperCase()];
    const value = equals === -1 || type === undefined ? undefined : readValue(text, equals + 1);
    // What is written in no text reads as an empty one.
    if (value === undefined || value.text === '') return undefined;
    attributes.push(JSON.stringify([type, value.text]));
    const separator = text[value.end];
    // A separator with nothing behind it is no end.
    if (separator !== undefined && value.end + 1 === text.length) return undefined;
    if (separator !== '+') {
      names.push(attributes.toSorted());
      attributes = [];
    }
    at = value.end + 1;
  }
  return names;
}

/** An attribute value up to its separator (RFC 4514 §2.4); undefined for one in hexadecimal, or written wrongly. */
function readValue(text: string, from: number): { readonly text: string; readonly end: number } | undefined {
  const bytes: number[] = [];
  let at = from;
  if (text[at] === '#' || text[at] === ' ') return undefined;
  for (; at < text.length; at++) {
    const character = text[at] as string;
    if (character === ',' || character === '+') break;
    if (character !== '\\') {
      if ('";<>\0'.includes(character)) return undefined;
      const whole = String.fromCodePoint(text.codePointAt(at) as number);
      bytes.push(...Buffer.from(whole));
      at += whole.length - 1;
      continue;
    }
    const escaped = text[++at] ?? '';
    const pair = text.slice(at, at + 2);
    if (escaped !== '' && SPECIAL.includes(escaped)) bytes.push(escaped.charCodeAt(0));
    else if (/^[0-9A-Fa-f]{2}$/.test(pair)) {
      bytes.push(Number.parseInt(pair, 16));
      at++;
    } else return undefined;
  }
  return { text: Buffer.from(bytes).toString(), end: at };
}
