/** What changed from one definition of a tool to another, field by field, in words. Pure. */
import { isRecord, type JsonObject, type JsonValue } from '#kernel';
import { same, type DefinitionChange } from './change.ts';
import { diffSchemas } from './schema-diff.ts';

export type { DefinitionChange };

const TEXTS = ['title', 'description'] as const;
const HINTS = ['readOnlyHint', 'destructiveHint', 'idempotentHint', 'openWorldHint'] as const;

/** Every change, in the order of the definition; none where both are the same. */
export function diffDefinitions(before: JsonObject, after: JsonObject): readonly DefinitionChange[] {
  const changes: DefinitionChange[] = [];
  const add = (field: string, kind: DefinitionChange['kind'], words: string, from: unknown, to: unknown): void => {
    changes.push({ field, kind, words, before: (from ?? null) as JsonValue, after: (to ?? null) as JsonValue });
  };
  for (const field of TEXTS) {
    if (!same(before[field], after[field]))
      add(field, 'text', textChange(field, before[field], after[field]), before[field], after[field]);
  }
  for (const field of ['inputSchema', 'secureInputSchema', 'outputSchema'] as const) {
    changes.push(...diffSchemas(field, before[field], after[field], field === 'outputSchema'));
  }
  diffAnnotations(before['annotations'], after['annotations'], add);
  diffSets('scopesRequired', before, after, {
    added: (one) => ['narrowed', `the scope \`${one}\` is asked for`],
    removed: (one) => ['loosened', `the scope \`${one}\` is not asked for any more`],
    add,
  });
  diffSets('authRequired', before, after, {
    // Any one of them is enough: one more is one way more.
    added: (one) => ['loosened', `a token of \`${one}\` is accepted`],
    removed: (one) => ['narrowed', `a token of \`${one}\` is not accepted any more`],
    add,
  });
  diffSets('labels', before, after, {
    added: (one) => ['narrowed', `its answers are labelled \`${one}\``],
    removed: (one) => ['loosened', `its answers are not labelled \`${one}\` any more`],
    add,
  });
  diffSets('toolsets', before, after, {
    added: (one) => ['widened', `it joins the toolset \`${one}\``],
    removed: (one) => ['narrowed', `it leaves the toolset \`${one}\``],
    add,
  });
  diffSets('egress', before, after, {
    added: (one) => ['egress', `calls go to \`${one}\``],
    removed: (one) => ['other', `calls do not go to \`${one}\` any more`],
    add,
  });
  if (!same(before['_meta'], after['_meta'])) add('_meta', 'other', '`_meta` changed', before['_meta'], after['_meta']);
  diffBody(before['body'], after['body'], add);
  return changes;
}

type Add = (field: string, kind: DefinitionChange['kind'], words: string, before: unknown, after: unknown) => void;

function diffAnnotations(before: unknown, after: unknown, add: Add): void {
  const [from, to] = [recordOf(before), recordOf(after)];
  for (const hint of HINTS) {
    if (from[hint] === to[hint]) continue;
    // Either way: clients ask less for what is called harmless, and what is called dangerous now does more.
    const kind = hint === 'idempotentHint' ? 'other' : 'loosened';
    add(
      `annotations.${hint}`,
      kind,
      `\`${hint}\` is \`${hintOf(to[hint])}\`, and was \`${hintOf(from[hint])}\``,
      from[hint],
      to[hint],
    );
  }
  if (from['title'] !== to['title']) {
    add('annotations.title', 'text', 'the title among the annotations changed', from['title'], to['title']);
  }
}

const hintOf = (value: unknown): string => (typeof value === 'boolean' ? String(value) : 'not said');

function diffSets(
  field: string,
  before: JsonObject,
  after: JsonObject,
  {
    added,
    removed,
    add,
  }: {
    readonly added: (one: string) => readonly [DefinitionChange['kind'], string];
    readonly removed: (one: string) => readonly [DefinitionChange['kind'], string];
    readonly add: Add;
  },
): void {
  const [from, to] = [new Set(textsOf(before[field])), new Set(textsOf(after[field]))];
  for (const one of to) if (!from.has(one)) add(field, ...added(one), [...from], [...to]);
  for (const one of from) if (!to.has(one)) add(field, ...removed(one), [...from], [...to]);
}

function diffBody(before: unknown, after: unknown, add: Add): void {
  const [from, to] = [recordOf(before), recordOf(after)];
  for (const field of ['type', 'source'] as const) {
    // Another source is another credential, and another place to show it to.
    if (from[field] !== to[field])
      add(
        `body.${field}`,
        field === 'source' ? 'egress' : 'body',
        `its ${field} is \`${String(to[field])}\`, and was \`${String(from[field])}\``,
        from[field],
        to[field],
      );
  }
  const [fromFields, toFields] = [recordOf(from['fields']), recordOf(to['fields'])];
  for (const key of new Set([...Object.keys(fromFields), ...Object.keys(toFields)])) {
    if (!same(fromFields[key], toFields[key]))
      add(`body.fields.${key}`, 'body', `\`${key}\` of what runs changed`, fromFields[key], toFields[key]);
  }
  if (!same(from['templateParameters'], to['templateParameters'])) {
    add(
      'body.templateParameters',
      'body',
      'its template parameters changed',
      from['templateParameters'],
      to['templateParameters'],
    );
  }
}

/** The part that differs, with the parts around it that do not cut away. */
function textChange(field: string, before: unknown, after: unknown): string {
  if (typeof before !== 'string') return `there is a ${field} now`;
  if (typeof after !== 'string') return `there is no ${field} any more`;
  const [from, to] = [Array.from(before), Array.from(after)];
  let start = 0;
  while (start < from.length && start < to.length && from[start] === to[start]) start++;
  let end = 0;
  while (end < from.length - start && end < to.length - start && from.at(-1 - end) === to.at(-1 - end)) end++;
  const [gone, come] = [from.slice(start, from.length - end).join(''), to.slice(start, to.length - end).join('')];
  const place = `at character ${start + 1}`;
  if (gone === '') return `the ${field} has ${shown(come)} more ${place}`;
  return come === ''
    ? `the ${field} has ${shown(gone)} less ${place}`
    : `the ${field} has ${shown(come)} in the place of ${shown(gone)} ${place}`;
}

/** What does not show is written by its number. */
const shown = (text: string): string => {
  const visible = text.replaceAll(/[\p{Cf}\p{Cc}\p{Co}\p{Cn}\p{Cs}\p{Variation_Selector}]/gu, (character) =>
    character === '\n' ? ' ' : `<U+${(character.codePointAt(0) ?? 0).toString(16).toUpperCase().padStart(4, '0')}>`,
  );
  return `\`${visible.length > 200 ? `${visible.slice(0, 200)}…` : visible}\``;
};

const recordOf = (value: unknown): Readonly<Record<string, unknown>> => (isRecord(value) ? value : {});
const textsOf = (value: unknown): readonly string[] =>
  Array.isArray(value) ? value.filter((one): one is string => typeof one === 'string') : [];
