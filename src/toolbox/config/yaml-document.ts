import { Composer, Parser, type Document } from 'yaml';
import { problemAt } from './problems.ts';
import { RawDocument } from './raw-document.ts';
import type { FileReading } from './scalar-text.ts';
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
      const at = source.place(base + (document.contents?.range[0] ?? 0));
      problems.push(problemAt(at, 'KIND_UNKNOWN', 'a document is a mapping that says its `kind`'));
    }
  };
  for (const token of new Parser().parse(text)) {
    const excess = findExcess(token, file);
    if (excess) {
      problems.push(problemAt(source.place(base + excess.offset), 'YAML_REFUSED', excess.message));
      return documents;
    }
    for (const document of composer.next(token)) take(document);
  }
  for (const document of composer.end(true, text.length)) take(document);
  return documents;
}

/** Syntax errors, and a directive that would make another language of the document. */
function reportErrors(document: Document.Parsed, { source, problems }: FileReading, base: number): boolean {
  for (const error of document.errors.slice(0, FILE_LIMITS.errors)) {
    problems.push(problemAt(source.place(base + error.pos[0]), 'YAML_SYNTAX', withoutSource(error.message)));
  }
  const { version } = document.directives.yaml;
  if (document.errors.length === 0 && version !== '1.2') {
    problems.push(
      problemAt(
        source.place(base + document.range[0]),
        'YAML_REFUSED',
        `a \`%YAML ${version}\` document; this is read as YAML 1.2 alone`,
        'Take the directive away.',
      ),
    );
    return true;
  }
  return document.errors.length > 0;
}

// The library quotes the text it stumbled over, which may be a password.
function withoutSource(message: string): string {
  const said = message.replace(/: ".*$/s, '').replace(/ at line \d+, column \d+[\s\S]*$/, '');
  return said.charAt(0).toLowerCase() + said.slice(1);
}
