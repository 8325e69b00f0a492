/** Private keys in PEM (RFC 7468 §10, §11): from the first boundary to the last, or to the end where that is cut off. */
import type { Detector, Found } from './found.ts';

export const privateKey: Detector = {
  find(text) {
    const found: Found[] = [];
    const begin = /-----BEGIN (?:[A-Z0-9]{1,20} ){0,3}PRIVATE KEY(?: BLOCK)?-----/g;
    for (let match = begin.exec(text); match !== null; match = begin.exec(text)) {
      const closing = match[0].replace('BEGIN', 'END');
      const at = text.indexOf(closing, begin.lastIndex);
      const end = at === -1 ? text.length : at + closing.length;
      found.push({ start: match.index, end });
      begin.lastIndex = end;
    }
    return found;
  },
};
