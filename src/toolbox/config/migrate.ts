/**
 * From the older nested form to one document per entry, as text: the words, quotes and comments of
 * the file stay, as far as the YAML library can carry a comment to the place its line moves to.
 */
import { Composer, Document, isMap, isScalar, isSeq, Parser, Scalar, YAMLMap, type Pair, type ParsedNode } from 'yaml';
import { isDeepStrictEqual } from 'node:util';
import { kindNamed } from '#contract';
import { err, ok, type Result } from '#kernel';
import { flatten, SECTIONS } from './nested.ts';
import { parseFile, type ConfigurationInput } from './parse.ts';
import { coverReferences, REFERENCE, uncover } from './placeholders.ts';
import { problemAt, wholeFile, type Problem } from './problems.ts';
import type { Environment } from './substitute.ts';

/**
 * The flat form of a file; `undefined` when it is flat already. Problems when it cannot be read: a file
 * that means nothing yet has no other form. What comes out is read again and compared, so that a
 * comment in an odd place can at worst stop a migration, never change what is configured.
 */
export function migrateInput(input: ConfigurationInput): Result<string | undefined, readonly Problem[]> {
  const text = Buffer.from(input.bytes)
    .toString('utf8')
    .replace(/^\ufeff/, '');
  // Variables stand for themselves: nothing is being configured.
  const environment = Object.fromEntries([...text.matchAll(REFERENCE)].map(([reference, name]) => [name, reference]));
  const before = read(input, environment);
  if (!before.ok) return before;
  const migrated = migrateText(text);
  if (migrated === undefined) return ok(undefined);
  const after = read({ ...input, bytes: Buffer.from(migrated) }, environment);
  if (after.ok && isDeepStrictEqual(before.value, after.value)) return ok(migrated);
  const message = 'the flat form would not mean the same; nothing was changed';
  return err([
    problemAt(wholeFile(input.file), 'YAML_REFUSED', message, 'Migrate this file by hand, and please report it.'),
  ]);
}

function read(input: ConfigurationInput, environment: Environment): Result<unknown[], readonly Problem[]> {
  const parsed = parseFile(input, environment);
  const flat = parsed.documents.map(flatten);
  const problems = [...parsed.problems, ...flat.flatMap((one) => one.problems)].filter(
    // Whether a secret can be read does not matter here.
    ({ code }) => code !== 'SECRET_UNREADABLE',
  );
  if (problems.length > 0) return err(problems);
  return ok(
    flat.flatMap(({ documents }) => documents.map(({ value }) => ({ ...value, kind: todaysKind(value['kind']) }))),
  );
}

const todaysKind = (written: unknown): unknown =>
  typeof written === 'string' ? (kindNamed(written) ?? written) : written;

function migrateText(text: string): string | undefined {
  const covered = coverReferences(text).text;
  let changed = false;
  const parts: string[] = [];
  const composer = new Composer({ version: '1.2', schema: 'core', uniqueKeys: false });
  for (const document of composer.compose(new Parser().parse(covered))) {
    const { contents } = document;
    const flat = isMap(contents) ? flattenDocument(document, contents) : undefined;
    if (flat) {
      changed = true;
      parts.push(...flat);
    } else if (contents !== null) {
      // As it stands, without the markers around it.
      const [start, , end] = document.range;
      parts.push(
        covered
          .slice(start, end)
          .replace(/^---\r?\n/, '')
          .replace(/\n\.\.\.\r?\n?$/, '\n'),
      );
    }
  }
  return changed ? uncover(parts.map((part) => `${part.trim()}\n`).join('---\n')) : undefined;
}

/** The flat documents of a nested one, the same with today's name of its kind, or nothing to do. */
function flattenDocument(document: Document.Parsed, contents: YAMLMap.Parsed): string[] | undefined {
  const kind = contents.items.find((pair) => textOf(pair.key) === 'kind');
  if (kind) {
    const written = textOf(kind.value);
    const today = written === undefined ? undefined : kindNamed(written);
    if (today === undefined || today === written || !isScalar(kind.value)) return undefined;
    kind.value.value = today;
    return [stringify(document)];
  }
  const texts: string[] = [];
  let before = document.commentBefore ?? undefined;
  for (const section of contents.items) {
    const entries = section.value;
    const comment = joinComments(
      before,
      commentBefore(section.key),
      commentBefore(entries),
      isMap(entries) ? undefined : trailing(entries),
    );
    before = comment;
    if (!isMap(entries)) continue;
    for (const entry of entries.items) {
      texts.push(stringify(flattenEntry(SECTIONS.get(textOf(section.key) ?? '') ?? '', entry, before)));
      before = undefined;
    }
    before = joinComments(before, trailing(entries));
  }
  const last = joinComments(before, document.comment ?? undefined);
  if (last !== undefined) texts.push(last.replace(/^/gm, '#'));
  return texts;
}

function flattenEntry(kind: string, entry: Pair<ParsedNode, ParsedNode | null>, before: string | undefined): Document {
  const flat = new Document(new YAMLMap(), { version: '1.2', schema: 'core' });
  const fields = flat.contents as unknown as YAMLMap;
  const { key, value } = entry;
  const first = new Scalar('kind');
  first.commentBefore = joinComments(before, commentBefore(key), commentBefore(value)) ?? null;
  fields.add({ key: first, value: new Scalar(kind) });
  fields.add({ key: new Scalar('name'), value: new Scalar(textOf(key) ?? '') });
  if (isSeq(value)) {
    fields.add({ key: new Scalar('tools'), value });
  } else if (isMap(value)) {
    for (const field of value.items) {
      // In the nested form an inner `kind` is what is called `type` today.
      if (isScalar(field.key) && field.key.value === 'kind') field.key.value = 'type';
      fields.items.push(field);
    }
    if (value.comment !== null && value.comment !== undefined) fields.comment = value.comment;
  }
  return flat;
}

/** Long lines stay whole, and lists keep the style they were written in. */
const stringify = (document: Document | Document.Parsed): string => {
  if (document.directives) document.directives.docStart = null;
  return document.toString({ lineWidth: 0, flowCollectionPadding: false, indentSeq: true });
};

const textOf = (node: unknown): string | undefined =>
  isScalar(node) && typeof node.value === 'string' ? node.value : undefined;

function commentBefore(node: ParsedNode | null): string | undefined {
  return node?.commentBefore ?? undefined;
}

function trailing(node: ParsedNode | null): string | undefined {
  return node?.comment ?? undefined;
}

function joinComments(...comments: (string | undefined)[]): string | undefined {
  const said = comments.filter((comment) => comment !== undefined && comment !== '');
  return said.length === 0 ? undefined : said.join('\n');
}
