import { KINDS, type Kind, type Place } from '#contract';
import { err, ok, type Result } from '#kernel';
import type { MemberOrigin } from './origins.ts';
import { listed, problemAt, suggest, type Problem } from './problems.ts';
import { RawDocument } from './raw-document.ts';

/** The sections of the older nested form, with the kind of their entries. */
export const SECTIONS: ReadonlyMap<string, Kind> = new Map(
  Object.entries(KINDS).flatMap(([kind, { plural }]) =>
    plural === undefined ? [] : [[plural, kind as Kind] as const],
  ),
);

export interface Flattened {
  readonly documents: readonly RawDocument[];
  readonly problems: readonly Problem[];
}

/**
 * Turns a document of the older nested form (`sources:`, `tools:` … as mappings by name, an inner
 * `kind` meaning the type) into one document per entry. A document that says its `kind` stays as it is.
 */
export function flatten(document: RawDocument): Flattened {
  if (Object.hasOwn(document.value, 'kind')) return { documents: [document], problems: [] };
  const documents: RawDocument[] = [];
  const problems: Problem[] = [];
  for (const [section, entries] of Object.entries(document.value)) {
    const at = document.locateKey([section]);
    const kind = SECTIONS.get(section);
    if (!kind) {
      problems.push(unknownSection(section, at, Object.keys(document.value)));
    } else if (entries !== null && !isMapping(entries)) {
      problems.push(problemAt(at, 'FIELD_WRONG', `\`${section}\` is a mapping from names to their fields`));
    } else {
      for (const [name, body] of Object.entries(entries ?? {})) {
        const flat = flattenEntry(document, kind, [section, name], body);
        if (flat.ok) documents.push(flat.value);
        else problems.push(flat.error);
      }
    }
  }
  return { documents, problems };
}

function unknownSection(section: string, at: Place, all: readonly string[]): Problem {
  if (section === 'authSources') {
    const hint = 'Rename it to `authServices`; the fields are the same.';
    return problemAt(at, 'KIND_UNKNOWN', '`authSources` is no longer read', hint);
  }
  if (!all.some((key) => SECTIONS.has(key))) {
    const hint = `Begin it with \`kind:\` and one of ${listed(Object.keys(KINDS))}.`;
    return problemAt(at, 'KIND_UNKNOWN', 'the document does not say its `kind`', hint);
  }
  const message = `there is no section \`${section}\`${suggest(section, [...SECTIONS.keys()], 'sections')}`;
  return problemAt(at, 'KIND_UNKNOWN', message);
}

function flattenEntry(
  document: RawDocument,
  kind: Kind,
  path: readonly [section: string, name: string],
  written: unknown,
): Result<RawDocument, Problem> {
  const [, name] = path;
  const entry = document.member(path);
  const at = document.locateKey(path);
  // A toolset is a bare list of names in this form.
  const isToolList = kind === 'toolset' && Array.isArray(written);
  const body = isToolList ? { tools: written } : written;
  if (!isMapping(body)) return err(problemAt(at, 'FIELD_WRONG', `\`${name}\` is a mapping of the fields of a ${kind}`));
  const start = entry?.key ?? document.start;
  const fields = isToolList && entry ? new Map([['tools', entry]]) : entry?.inside?.members;
  const value: Record<string, unknown> = { kind, name };
  const here: MemberOrigin = { key: start, value: start };
  const members = new Map<string | number, MemberOrigin>([
    ['kind', here],
    ['name', here],
  ]);
  for (const [field, content] of Object.entries(body)) {
    // In this form `kind` inside an entry is what is called `type` today.
    const today = field === 'kind' ? 'type' : field;
    if (members.has(today)) return err(clash(document.locateKey([...path, field]), name, today));
    members.set(today, fields?.get(field) ?? here);
    value[today] = content;
  }
  return ok(new RawDocument(document.source, value, start, () => ({ start, members })));
}

function clash(at: Place, name: string, field: string): Problem {
  const message =
    field === 'type'
      ? `\`${name}\` has both \`kind\` and \`type\`, which mean the same here`
      : `\`${field}\` stands beside the name \`${name}\` that the entry has already`;
  return problemAt(at, 'CONTRADICTION', message, 'Take one of the two away.');
}

function isMapping(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
