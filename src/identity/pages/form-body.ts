import type { IncomingMessage } from 'node:http';
import { signInError } from '../sign-in/errors.ts';

/** Enough for the largest passkey, and for the longest password in the longest encoding. */
const MOST_BYTES = 131_072;

/**
 * The fields of a form, `application/x-www-form-urlencoded` and nothing else: a form of another kind can be
 * sent from other sites without asking. Throws `FORM_UNREADABLE`.
 */
export async function readForm(request: IncomingMessage): Promise<URLSearchParams> {
  const type = request.headers['content-type'] ?? '';
  if (!/^application\/x-www-form-urlencoded\s*(;\s*charset=utf-8\s*)?$/i.test(type)) {
    throw signInError('FORM_UNREADABLE', 'this page takes forms, `application/x-www-form-urlencoded`');
  }
  if (Number(request.headers['content-length'] ?? 0) > MOST_BYTES) throw tooLarge();
  const chunks: Buffer[] = [];
  let size = 0;
  // Not destroyed by being left: whoever sends too much is told so before the connection ends.
  for await (const chunk of request.iterator({ destroyOnReturn: false }) as AsyncIterable<Buffer>) {
    size += chunk.length;
    if (size > MOST_BYTES) throw tooLarge();
    chunks.push(chunk);
  }
  const form = new URLSearchParams(Buffer.concat(chunks).toString());
  // Of two fields of one name, one reader takes the first and another the last.
  if (new Set(form.keys()).size !== form.size) throw signInError('FORM_UNREADABLE', 'a field is there twice');
  return form;
}

const tooLarge = (): Error => signInError('FORM_UNREADABLE', `the form is larger than ${MOST_BYTES} bytes`);
