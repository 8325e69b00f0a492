/** Addresses of IPv4 in dotted decimals; a part of a longer row of numbers, such as a version, is none. */
import type { Detector, Found } from './found.ts';

const OCTET = '(?:25[0-5]|2[0-4][0-9]|1[0-9]{2}|[1-9]?[0-9])';
const ADDRESS = new RegExp(`(?<![0-9.]|[0-9]\\.)${OCTET}(?:\\.${OCTET}){3}(?![0-9]|\\.[0-9])`, 'g');

export const ipv4: Detector = {
  find: (text) =>
    Array.from(text.matchAll(ADDRESS), ({ index, 0: match }): Found => ({ start: index, end: index + match.length })),
};
