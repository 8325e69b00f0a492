/**
 * What is said in a text in another spelling: percent-encoded (RFC 3986 §2.1) and in base64 (RFC 4648). Each reading is
 * looked through as it reads, and what is found is covered where it stands.
 */
import type { Found } from './found.ts';

export interface Reading {
  readonly text: string;
  /** What is found in `text`, as a place in the text that it was read from. */
  place(found: Found): Found;
}

/** Every way to read the text beside the plain one. Most texts have none. */
export const readingsOf = (text: string): readonly Reading[] => [...percentDecoded(text), ...base64Words(text)];

function percentDecoded(text: string): readonly Reading[] {
  if (!/%[2-7][0-9A-Fa-f]/.test(text)) return [];
  // Where each character of the decoded text begins in this one.
  const places: number[] = [];
  const decoded = text.replaceAll(
    /%([2-7][0-9A-Fa-f])|[^%]+|%/g,
    (piece: string, code: string | undefined, at: number) => {
      if (code !== undefined) {
        places.push(at);
        return String.fromCharCode(Number.parseInt(code, 16));
      }
      for (let offset = 0; offset < piece.length; offset++) places.push(at + offset);
      return piece;
    },
  );
  places.push(text.length);
  const place = ({ start, end, canonical }: Found): Found => ({
    start: places[start] as number,
    end: places[end] as number,
    canonical: canonical ?? decoded.slice(start, end),
  });
  return [{ text: decoded, place }];
}

/** Words of base64 that are text: covered whole, since a part of one would not decode. */
function base64Words(text: string): readonly Reading[] {
  return [...text.matchAll(/[A-Za-z0-9+/_-]{16,}={0,2}/g)].flatMap(({ 0: word, index }): Reading[] => {
    const decoded = textIn(word);
    if (decoded === undefined) return [];
    const place = ({ start, end, canonical }: Found): Found => ({
      start: index,
      end: index + word.length,
      canonical: start === 0 && end === decoded.length ? (canonical ?? decoded) : decoded,
    });
    return [{ text: decoded, place }];
  });
}

const strictUtf8 = new TextDecoder('utf-8', { fatal: true });

/** What a word says in base64, where that is text. */
function textIn(word: string): string | undefined {
  const bytes = Buffer.from(word, 'base64');
  // Nearly every word decodes to something, and the first bytes tell most of them.
  if ((bytes[0] as number) < 0x20 && !/[\t\n\r]/.test(String.fromCharCode(bytes[0] as number))) return undefined;
  try {
    const decoded = strictUtf8.decode(bytes);
    // Hardly any decodes to characters alone that people write.
    return /^[\t\n\r\x20-\x7e\u00a0-\u024f]+$/.test(decoded) ? decoded : undefined;
  } catch {
    return undefined;
  }
}
