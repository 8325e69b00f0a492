import { createHmac } from 'node:crypto';
import type { z } from 'zod';
import { equalBytes } from '#kernel';
import { httpError } from './errors.ts';

/**
 * The cursors of listings: a position, signed together with the listing and the filters it is of. A
 * cursor opens nothing that a request without one does not, but a position that somebody made up
 * would go into a store unchecked, and one of another listing would silently leave things out.
 */
export class Cursors {
  readonly #key: Buffer;

  /** `key`: 32 bytes, the same in every process behind one address. */
  constructor(key: Buffer) {
    this.#key = key;
  }

  /** Opaque text. `of` says which listing, filters included. */
  write(of: string, position: unknown): string {
    const text = JSON.stringify(position);
    return `${Buffer.from(text).toString('base64url')}.${this.#sign(of, text).toString('base64url')}`;
  }

  /** The position of a cursor that `write` gave for the same listing. Throws `CURSOR_REFUSED`. */
  read<Position extends z.ZodType>(of: string, cursor: string, position: Position): z.output<Position> {
    const [text = '', signature = ''] = cursor.split('.').map((part) => Buffer.from(part, 'base64url'));
    if (equalBytes(Buffer.from(signature), this.#sign(of, text.toString('utf8')))) {
      const checked = position.safeParse(JSON.parse(text.toString('utf8')));
      if (checked.success) return checked.data;
    }
    throw httpError('CURSOR_REFUSED', 'the cursor is none that this listing has given');
  }

  #sign(of: string, text: string): Buffer {
    return createHmac('sha256', this.#key).update(`cursor ${of.length} ${of}${text}`).digest();
  }
}
