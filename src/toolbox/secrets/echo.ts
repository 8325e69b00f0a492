import { reveal, type Secret } from '#kernel';

/** What stands in the place of a secret. */
const REDACTED = Buffer.from('[secret]');

/** Shorter ones are no secrets, and would be found everywhere. */
const SHORTEST = 4;

/**
 * What was sent to an upstream, to be found in what comes back. APIs repeat their requests in errors and
 * debug pages, in whatever form they saw them; the caller of a tool, the log and the record behind it
 * must not get a credential that way (OWASP MCP01).
 *
 * Looked for as it is, percent-encoded, escaped as JSON and as HTML, and each of these in base64 at its
 * three alignments and in hexadecimal. An upstream that means to give a secret away can always find another
 * form; one that merely repeats does not look for one.
 */
export class Echo {
  readonly #forms: readonly Buffer[];

  constructor(secrets: readonly Secret[]) {
    const forms = new Set(secrets.map((secret) => reveal(secret)).flatMap(formsOf));
    // The longest first: a part of a form must not be all that is taken out of it.
    this.#forms = [...forms].map((form) => Buffer.from(form)).toSorted((a, b) => b.length - a.length);
  }

  /** The bytes without them. `cut` says that more followed: then the beginning of one at the end goes too. */
  without(bytes: Buffer, cut = false): Buffer {
    let clean = bytes;
    for (const form of this.#forms) clean = replaceAll(clean, form);
    return cut ? withoutBeginning(clean, this.#forms) : clean;
  }

  /** The same of a text, such as a header or an address. */
  withoutText(text: string): string {
    return this.#forms.length === 0 ? text : this.without(Buffer.from(text)).toString();
  }
}

function replaceAll(bytes: Buffer, form: Buffer): Buffer {
  let at = bytes.indexOf(form);
  if (at < 0) return bytes;
  const pieces: Buffer[] = [];
  let from = 0;
  for (; at >= 0; at = bytes.indexOf(form, from)) {
    pieces.push(bytes.subarray(from, at), REDACTED);
    from = at + form.length;
  }
  return Buffer.concat([...pieces, bytes.subarray(from)]);
}

function withoutBeginning(bytes: Buffer, forms: readonly Buffer[]): Buffer {
  let keep = bytes.length;
  for (const form of forms) {
    for (let length = Math.min(form.length - 1, bytes.length); length >= SHORTEST; length--) {
      if (!bytes.subarray(bytes.length - length).equals(form.subarray(0, length))) continue;
      keep = Math.min(keep, bytes.length - length);
      break;
    }
  }
  return bytes.subarray(0, keep);
}

function formsOf(text: string): readonly string[] {
  if (text.length < SHORTEST) return [];
  const percent = encodeURIComponent(text.toWellFormed());
  const json = JSON.stringify(text).slice(1, -1);
  const written = [
    text,
    percent,
    percent.replace(/%[0-9A-F]{2}/g, (escape) => escape.toLowerCase()),
    new URLSearchParams({ v: text }).toString().slice(2),
    json,
    json.replaceAll('/', '\\/'),
  ];
  const shown = written.flatMap((form) => [form, html(form, '&#34;', '&#39;'), html(form, '&quot;', '&apos;')]);
  // Of a text that has nothing to escape all of these are one.
  return [...new Set(shown)].flatMap((form) => {
    const bytes = Buffer.from(form);
    const hex = bytes.toString('hex');
    return [form, hex, hex.toUpperCase(), ...base64Forms(bytes)];
  });
}

const html = (text: string, quote: string, apostrophe: string): string =>
  text
    .replaceAll('&', '&amp;')
    .replaceAll('<', '&lt;')
    .replaceAll('>', '&gt;')
    .replaceAll('"', quote)
    .replaceAll("'", apostrophe);

/**
 * The characters of base64 that depend on these bytes alone, for each place that they may have among
 * the three bytes that four characters stand for.
 */
function base64Forms(bytes: Buffer): readonly string[] {
  return [0, 1, 2].flatMap((offset) => {
    const whole = Buffer.concat([Buffer.alloc(offset), bytes])
      .toString('base64')
      .replaceAll('=', '');
    const first = [0, 2, 3][offset] ?? 0;
    // The last character holds bits of what follows, unless the bytes end with a group of three.
    const certain = whole.slice(first, (offset + bytes.length) % 3 === 0 ? undefined : -1);
    return certain.length < 6 ? [] : [certain, certain.replaceAll('+', '-').replaceAll('/', '_')];
  });
}
