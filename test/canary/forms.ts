/**
 * Canary secrets, and the forms in which one would still be the secret. A canary is a text with
 * characters that encodings change around a core that none of them shares: the core is looked for, so
 * that a form with some of the other characters escaped is found all the same.
 */
import { randomBytes } from 'node:crypto';
import { inflateRawSync, inflateSync, gunzipSync, constants } from 'node:zlib';

export interface Canary {
  /** What it was planted as. */
  readonly name: string;
  readonly text: string;
  readonly core: string;
}

/** Printable ASCII without spaces, since some of them become headers. */
export function canary(name: string): Canary {
  const core = `cn${randomBytes(14).toString('hex')}`;
  return { name, text: `p+/${core}="&q`, core };
}

export interface Leak {
  readonly canary: string;
  readonly form: string;
  readonly where: string;
}

/** Something that is made for somebody and shown once, as the canary that it is: one of its own would not be it. */
export const madeCanary = (name: string, text: string): Canary => ({ name, text, core: text });

/** Every form of every canary in some bytes, compressed parts of them included. */
export function leaksIn(where: string, bytes: Buffer, canaries: readonly Canary[]): Leak[] {
  const contents = [bytes, ...inflated(bytes)];
  return contents.flatMap((content, index) => {
    const place = index === 0 ? where : `${where}, inflated`;
    const exact = content.toString('latin1');
    const folded = exact.toLowerCase();
    return canaries.flatMap(({ name, core }) =>
      formsOf(core)
        .filter(([, text, fold]) => (fold ? folded.includes(text.toLowerCase()) : exact.includes(text)))
        .map(([form]) => ({ canary: name, form, where: place })),
    );
  });
}

/** Name, text as Latin-1, and whether case is of no matter. */
function formsOf(core: string): readonly (readonly [form: string, text: string, fold: boolean])[] {
  const bytes = Buffer.from(core);
  const utf16 = Buffer.from(core, 'utf16le');
  return [
    ['plain', core, true],
    ['reversed', core.split('').toReversed().join(''), true],
    ['hex', bytes.toString('hex'), true],
    ['percent-encoded', [...bytes].map((byte) => `%${byte.toString(16)}`).join(''), true],
    ['JSON escapes', [...bytes].map((byte) => `\\u00${byte.toString(16)}`).join(''), true],
    ['UTF-16LE', utf16.toString('latin1'), true],
    ['UTF-16BE', Buffer.from(utf16).swap16().toString('latin1'), true],
    ...[0, 1, 2].flatMap((offset) => {
      const whole = Buffer.concat([Buffer.alloc(offset), bytes]).toString('base64');
      // Without the characters that hold bits of what stands before and after.
      const certain = whole.replaceAll('=', '').slice([0, 2, 3][offset], -1);
      return [
        [`base64, ${offset} before`, certain, false],
        [`base64url, ${offset} before`, certain.replaceAll('+', '-').replaceAll('/', '_'), false],
      ] as const;
    }),
  ];
}

/** What comes out of everything in the bytes that begins as gzip or zlib does. */
function inflated(bytes: Buffer): Buffer[] {
  const found: Buffer[] = [];
  const lenient = { finishFlush: constants.Z_SYNC_FLUSH, maxOutputLength: 8 << 20 };
  const attempt = (inflate: (input: Buffer, options: typeof lenient) => Buffer, at: number): void => {
    try {
      const out = inflate(bytes.subarray(at), lenient);
      if (out.length > 16) found.push(out);
    } catch {
      // Not what it looked like.
    }
  };
  for (
    let at = bytes.indexOf('\x1f\x8b\x08', 0, 'latin1');
    at >= 0;
    at = bytes.indexOf('\x1f\x8b\x08', at + 1, 'latin1')
  ) {
    attempt(gunzipSync, at);
  }
  for (const magic of ['\x78\x01', '\x78\x9c', '\x78\xda']) {
    for (let at = bytes.indexOf(magic, 0, 'latin1'); at >= 0; at = bytes.indexOf(magic, at + 1, 'latin1')) {
      attempt(inflateSync, at);
    }
  }
  if (bytes.length > 0 && bytes.length < 1 << 20) attempt(inflateRawSync, 0);
  return found;
}
