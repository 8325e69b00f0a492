import type { Row } from '../source.ts';
import { rowMaker } from '../values.ts';
import { decoderFor } from './decode.ts';
import type { FieldDescription } from './wire.ts';

/** How the rows of one statement are read: made once from its description, kept while it is prepared. */
export interface AnswerShape {
  /** The row, the characters it had on the wire, and an upper bound of its JSON in bytes. */
  read(texts: readonly (string | null)[]): { readonly row: Row; readonly length: number; readonly atMost: number };
}

/** A character of a value becomes at most six bytes of JSON: `\u0001`, or the digits of `1e20`. */
const WORST_GROWTH = 6;

export function answerShape(fields: readonly FieldDescription[]): AnswerShape {
  const decoders = fields.map((field) => decoderFor(field.dataTypeID));
  const make = rowMaker(fields.map((field) => field.name));
  // Quotes, colon and comma; a name that comes twice grows by a suffix.
  const overhead = 2 + fields.reduce((sum, field) => sum + field.name.length * WORST_GROWTH + 16, 0);
  return {
    read(texts) {
      let length = 0;
      const values = decoders.map((decode, index) => {
        const text = texts[index];
        if (text === null || text === undefined) return null;
        length += text.length;
        return decode(text);
      });
      return { row: make(values), length, atMost: overhead + length * WORST_GROWTH };
    },
  };
}
