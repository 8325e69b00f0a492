import { Composer, Parser, type Document, type ErrorCode } from 'yaml';
import { RawDocument } from './raw-document.ts';
import { reportIn, type FileReading } from './scalar-text.ts';
import { FILE_LIMITS, findExcess } from './yaml-limits.ts';
import { DocumentConversion } from './yaml-value.ts';

/**
 * The documents of a part of the file that begins at `base`, read by the YAML library. `text` has its
 * references covered. Documents that are refused are reported and left out.
 */
export function readLibraryDocuments(file: FileReading, text: string, base: number): RawDocument[] {
  const { source, problems } = file;
  const composer = new Composer({
    version: '1.2',
    schema: 'core',
    merge: false,
    stringKeys: true,
    // Ours is linear; the library's compares every key with every other.
    uniqueKeys: false,
    prettyErrors: false,
    logLevel: 'silent',
  });
  const documents: RawDocument[] = [];
  const take = (document: Document.Parsed) => {
    if (reportErrors(document, file, base)) return;
    const before = problems.length;
    const conversion = new DocumentConversion(file, base);
    const value = conversion.convert(document.contents);
    if (value === null) return;
    if (typeof value === 'object' && !Array.isArray(value)) {
      const origins = conversion.originsOf(value) ?? { start: base, members: new Map<string, never>() };
      documents.push(new RawDocument(source, value as Record<string, unknown>, origins.start, () => origins));
    } else if (problems.length === before) {
      const at = base + (document.contents?.range[0] ?? 0);
      reportIn(file, at, 'KIND_UNKNOWN', 'a document is a mapping that says its `kind`');
    }
  };
  for (const token of new Parser().parse(text)) {
    const excess = findExcess(token, file);
    if (excess) {
      reportIn(file, base + excess.offset, 'YAML_REFUSED', excess.message);
      return documents;
    }
    for (const document of composer.next(token)) take(document);
  }
  for (const document of composer.end(true, text.length)) take(document);
  return documents;
}

/** What the library's shorter messages leave to the reader to work out. */
const HINTS: Readonly<Partial<Record<ErrorCode, string>>> = {
  BAD_INDENT: 'Fields of one mapping begin in one column.',
  BLOCK_AS_IMPLICIT_KEY: 'Either the line below is indented too far, or a value that holds `: ` needs quotes.',
  MULTILINE_IMPLICIT_KEY: 'Either a `:` is missing, or a quote or bracket is not closed.',
  MISSING_CHAR: 'A quote or bracket is not closed, or text that begins with one of them needs quotes.',
  TAB_AS_INDENT: 'YAML is indented with spaces.',
  BAD_SCALAR_START: 'Text that begins with this character needs quotes.',
};

/** Syntax errors, and a directive that would make another language of the document. */
function reportErrors(document: Document.Parsed, file: FileReading, base: number): boolean {
  let last = -1;
  for (const error of document.errors.slice(0, FILE_LIMITS.errors)) {
    const [at] = error.pos;
    // One slip often makes the library stumble twice in one place.
    if (at !== last) reportIn(file, base + at, 'YAML_SYNTAX', withoutSource(error.message), HINTS[error.code]);
    last = at;
  }
  if (document.errors.length > 0) return true;
  const { version } = document.directives.yaml;
  if (version === '1.2') return false;
  const message = `a \`%YAML ${version}\` document; this is read as YAML 1.2 alone`;
  reportIn(file, base + document.range[0], 'YAML_REFUSED', message, 'Take the directive away.');
  return true;
}

// The library quotes the text it stumbled over, which may be a password.
function withoutSource(message: string): string {
  const said = message.replace(/: ".*$/s, '').replace(/ at line \d+, column \d+[\s\S]*$/, '');
  return said.charAt(0).toLowerCase() + said.slice(1);
}
