/** Addresses of e-mail as people have them (RFC 5322 §3.4.1, dot-atom, with letters of all scripts: RFC 6531). */
import type { Detector, Found } from './found.ts';

const LONGEST_LOCAL = 64;
const LONGEST_DOMAIN = 255;
// Of what RFC 5322 allows, not what surrounds addresses in URLs and forms far more often: `/ = ? & { | }`.
const LOCAL = /[\p{L}\p{N}!#$%'*+^_`~.-]/u;
const DOMAIN = /[\p{L}\p{N}.-]/u;

export const email: Detector = {
  find(text) {
    const found: Found[] = [];
    for (let at = text.indexOf('@'); at !== -1; at = text.indexOf('@', at + 1)) {
      const one = addressAround(text, at, found.at(-1)?.end ?? 0);
      if (one !== undefined) found.push(one);
    }
    return found;
  },
};

function addressAround(text: string, at: number, from: number): Found | undefined {
  let start = at;
  const first = Math.max(from, at - LONGEST_LOCAL);
  while (start > first && LOCAL.test(text[start - 1] as string)) start--;
  while (start < at && /[.'*`]/.test(text[start] as string)) start++;
  let end = at + 1;
  const last = Math.min(text.length, at + 1 + LONGEST_DOMAIN);
  while (end < last && DOMAIN.test(text[end] as string)) end++;
  while (/[.-]/.test(text[end - 1] as string)) end--;
  const domain = text.slice(at + 1, end);
  const top = domain.slice(domain.lastIndexOf('.') + 1);
  if (start === at || !domain.includes('.') || domain.includes('..') || !/^\p{L}[\p{L}\p{N}-]+$/u.test(top))
    return undefined;
  return { start, end, canonical: text.slice(start, end).toLowerCase() };
}
