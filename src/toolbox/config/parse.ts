import { readBlockDocument } from './block-document.ts';
import { coverReferences } from './placeholders.ts';
import type { RawDocument } from './raw-document.ts';
import { problemAt, wholeFile, type Problem } from './problems.ts';
import { SourceText } from './source-text.ts';
import type { Environment } from './substitute.ts';
import { readLibraryDocuments } from './yaml-document.ts';
import { FILE_LIMITS } from './yaml-limits.ts';
import type { FileReading } from './scalar-text.ts';

/** One configuration file as bytes. */
export interface ConfigurationInput {
  /** As the operator named it; problems repeat it. */
  readonly file: string;
  /** The folder of the file, absolute: relative paths in it start here. */
  readonly directory: string;
  readonly bytes: Uint8Array;
  /** The fields of its `kind: server` join those that another file gives, and none may stand in both. */
  readonly joins?: true;
}

export interface ParsedFile {
  readonly documents: readonly RawDocument[];
  readonly problems: readonly Problem[];
  /** The parts that could not be read: names in them may be declared, so nobody is blamed for using them. */
  readonly unread: readonly string[];
}

// Control characters but tab and line ends, noncharacters (`placeholders.ts` uses some), and byte order
// marks: none is YAML (§5.1) or shows on a screen.
const REFUSED = /(?![\t\n\r\x85])[\p{Cc}\p{Noncharacter_Code_Point}\ufeff]/u;

/**
 * Reads one file as YAML 1.2 documents of plain data. Whatever the bytes are, it ends in bounded time
 * with documents and problems, and throws nothing.
 */
export function parseFile(input: ConfigurationInput, environment: Environment): ParsedFile {
  const decoded = decode(input);
  if (typeof decoded !== 'string') {
    const unread = Buffer.from(input.bytes.subarray(0, FILE_LIMITS.bytes)).toString('latin1');
    return { documents: [], problems: [decoded], unread: [unread] };
  }
  const source = new SourceText(input.file, input.directory, decoded);
  const refused = REFUSED.exec(decoded);
  if (refused) {
    const code = refused[0].codePointAt(0) ?? 0;
    const name = `U+${code.toString(16).toUpperCase().padStart(4, '0')}`;
    const message =
      code === 0xfeff ? 'a byte order mark stands inside the file' : `the character ${name} is not accepted in YAML`;
    return {
      documents: [],
      problems: [problemAt(source.place(refused.index), 'YAML_REFUSED', message)],
      unread: [decoded],
    };
  }
  return parseText(source, environment);
}

function decode({ file, bytes }: ConfigurationInput): string | Problem {
  if (bytes.length > FILE_LIMITS.bytes) {
    return problemAt(wholeFile(file), 'FILE_UNREADABLE', `the file is larger than ${FILE_LIMITS.bytes} bytes`);
  }
  try {
    // Drops one byte order mark at the start, where editors leave it.
    return new TextDecoder('utf-8', { fatal: true }).decode(bytes);
  } catch {
    return problemAt(wholeFile(file), 'FILE_UNREADABLE', 'the file is not UTF-8 text', 'Save it as UTF-8.');
  }
}

function parseText(source: SourceText, environment: Environment): ParsedFile {
  const covered = coverReferences(source.text);
  const file: FileReading = {
    source,
    environment,
    references: covered.offsets,
    problems: [],
    items: FILE_LIMITS.items,
    repeated: FILE_LIMITS.repeated,
  };
  const documents: RawDocument[] = [];
  const unread: string[] = [];
  for (const [start, end] of documentRanges(source.text)) {
    const before = file.problems.length;
    const simple = readBlockDocument(file, start, end);
    if (simple === undefined) documents.push(...readLibraryDocuments(file, covered.text.slice(start, end), start));
    else if (simple !== null) documents.push(simple);
    if (file.problems.slice(before).some(({ code }) => code !== 'VARIABLE_UNSET' && code !== 'SECRET_UNREADABLE')) {
      unread.push(source.text.slice(start, end));
    }
    if (file.items < 0) break;
  }
  return { documents, problems: file.problems, unread };
}

/**
 * Where each document begins and ends. `---` in the first column begins one whatever came before
 * (YAML 1.2 §9.1.2). A file with directives or `...` goes through the library as a whole.
 */
function documentRanges(text: string): [start: number, end: number][] {
  if (/(?:^|\n)(?:%|\.\.\.)/.test(text)) return [[0, text.length]];
  const ranges: [number, number][] = [];
  let start = 0;
  for (const { index } of text.matchAll(/\n---(?=\s|$)/g)) {
    ranges.push([start, index + 1]);
    start = index + 1;
  }
  return [...ranges, [start, text.length]];
}
