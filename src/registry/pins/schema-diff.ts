/** What changed between two JSON Schemas of a tool: what is taken that was not, and the other way. Pure. */
import { isRecord, type JsonValue } from '#kernel';
import { same, type DefinitionChange } from './change.ts';

type Kind = DefinitionChange['kind'];
type Schema = Readonly<Record<string, unknown>>;

/** Bounds: whether a greater number takes more. */
const UPPER = ['maxLength', 'maximum', 'exclusiveMaximum', 'maxItems', 'maxProperties'] as const;
const LOWER = ['minLength', 'minimum', 'exclusiveMinimum', 'minItems', 'minProperties'] as const;
const TEXTS = ['description', 'title'] as const;
const HANDLED: ReadonlySet<string> = new Set([
  ...UPPER,
  ...LOWER,
  ...TEXTS,
  ...['type', 'enum', 'pattern', 'properties', 'required', 'items', 'additionalProperties', 'default', 'examples'],
]);
const DEEPEST = 32;

/** The changes below `field`. `isOutput`: nobody fills it in, so that no change of it takes more of a caller. */
export function diffSchemas(
  field: string,
  before: unknown,
  after: unknown,
  isOutput: boolean,
): readonly DefinitionChange[] {
  if (same(before, after)) return [];
  const changes: DefinitionChange[] = [];
  const add = (at: string, kind: Kind, words: string, from: unknown, to: unknown): void => {
    const told = isOutput && (kind === 'widened' || kind === 'narrowed') ? 'other' : kind;
    changes.push({
      field: at,
      kind: told,
      words,
      before: (from ?? null) as JsonValue,
      after: (to ?? null) as JsonValue,
    });
  };
  if (!isRecord(before) || !isRecord(after)) {
    add(
      field,
      isRecord(after) ? 'widened' : 'narrowed',
      isRecord(after) ? `there is \`${field}\` now` : `\`${field}\` is gone`,
      before,
      after,
    );
    return changes;
  }
  compare(field, before, after, add, 0);
  // Something differs that no rule above speaks of: it is never left unsaid.
  if (changes.length === 0) add(field, 'widened', `\`${field}\` changed`, before, after);
  return changes;
}

type Add = (at: string, kind: Kind, words: string, from: unknown, to: unknown) => void;

function compare(at: string, before: Schema, after: Schema, add: Add, depth: number): void {
  if (same(before, after)) return;
  if (depth > DEEPEST) return add(at, 'widened', `\`${at}\` changed`, before, after);
  for (const text of TEXTS) {
    if (!same(before[text], after[text]))
      add(`${at}.${text}`, 'text', `the ${text} of ${nameOf(at)} changed`, before[text], after[text]);
  }
  if (!same(before['type'], after['type'])) {
    add(
      `${at}.type`,
      'widened',
      `${nameOf(at)} is of type \`${wordOf(after['type'])}\`, and was of type \`${wordOf(before['type'])}\``,
      before['type'],
      after['type'],
    );
  }
  compareBounds(at, before, after, add);
  compareChoices(at, before, after, add);
  compareProperties(at, before, after, add, depth);
  if (isRecord(before['items']) && isRecord(after['items']))
    compare(`${at}.items`, before['items'], after['items'], add, depth + 1);
  else if (!same(before['items'], after['items']))
    add(`${at}.items`, 'widened', `the items of ${nameOf(at)} changed`, before['items'], after['items']);
  compareAdditional(at, before, after, add, depth);
  for (const key of ['default', 'examples']) {
    if (!same(before[key], after[key]))
      add(
        `${at}.${key}`,
        key === 'default' ? 'loosened' : 'text',
        `\`${key}\` of ${nameOf(at)} changed`,
        before[key],
        after[key],
      );
  }
  for (const key of new Set([...Object.keys(before), ...Object.keys(after)])) {
    if (!HANDLED.has(key) && !same(before[key], after[key]))
      add(`${at}.${key}`, 'widened', `\`${key}\` of ${nameOf(at)} changed`, before[key], after[key]);
  }
}

function compareBounds(at: string, before: Schema, after: Schema, add: Add): void {
  for (const [bounds, sign] of [
    [UPPER, 1],
    [LOWER, -1],
  ] as const) {
    for (const bound of bounds) {
      const [from, to] = [before[bound], after[bound]];
      if (same(from, to)) continue;
      // No bound is the widest.
      const wider = to === undefined || (typeof from === 'number' && typeof to === 'number' && (to - from) * sign > 0);
      const words = `\`${bound}\` of ${nameOf(at)} is ${wordOf(to)}, and was ${wordOf(from)}`;
      add(`${at}.${bound}`, wider ? 'widened' : 'narrowed', words, from, to);
    }
  }
}

function compareChoices(at: string, before: Schema, after: Schema, add: Add): void {
  const [from, to] = [before['enum'], after['enum']];
  if (!same(from, to)) {
    const more =
      Array.isArray(from) && Array.isArray(to)
        ? to.filter((one) => !from.some((other) => same(one, other)))
        : undefined;
    const wider = to === undefined || (more !== undefined && more.length > 0);
    const words = wider
      ? `${nameOf(at)} takes ${more === undefined ? 'any value' : more.map(wordOf).join(', ')} as well`
      : `${nameOf(at)} takes fewer values`;
    add(`${at}.enum`, wider ? 'widened' : 'narrowed', words, from, to);
  }
  if (!same(before['pattern'], after['pattern'])) {
    // Which of two patterns takes more is not asked: another one is another promise.
    const kind = before['pattern'] === undefined ? 'narrowed' : 'widened';
    add(`${at}.pattern`, kind, `the pattern of ${nameOf(at)} changed`, before['pattern'], after['pattern']);
  }
}

function compareProperties(at: string, before: Schema, after: Schema, add: Add, depth: number): void {
  const [from, to] = [recordOf(before['properties']), recordOf(after['properties'])];
  const [neededBefore, neededAfter] = [requiredOf(before), requiredOf(after)];
  for (const [name, property] of Object.entries(to)) {
    const where = `${at}.properties.${name}`;
    if (!Object.hasOwn(from, name)) {
      add(
        where,
        'widened',
        `there is a parameter \`${name}\`, ${neededAfter.has(name) ? 'and it is required' : 'which may be left out'}`,
        null,
        property,
      );
      continue;
    }
    if (isRecord(from[name]) && isRecord(property)) compare(where, from[name], property, add, depth + 1);
    else if (!same(from[name], property))
      add(where, 'widened', `the parameter \`${name}\` changed`, from[name], property);
    if (neededBefore.has(name) !== neededAfter.has(name)) {
      const now = neededAfter.has(name);
      add(
        `${at}.required`,
        now ? 'narrowed' : 'widened',
        `the parameter \`${name}\` ${now ? 'is required' : 'may be left out'}`,
        !now,
        now,
      );
    }
  }
  for (const name of Object.keys(from)) {
    if (!Object.hasOwn(to, name))
      add(`${at}.properties.${name}`, 'narrowed', `there is no parameter \`${name}\` any more`, from[name], null);
  }
}

function compareAdditional(at: string, before: Schema, after: Schema, add: Add, depth: number): void {
  const [from, to] = [before['additionalProperties'], after['additionalProperties']];
  if (same(from, to)) return;
  if (isRecord(from) && isRecord(to)) return compare(`${at}.additionalProperties`, from, to, add, depth + 1);
  const wider = to !== false;
  add(
    `${at}.additionalProperties`,
    wider ? 'widened' : 'narrowed',
    `${nameOf(at)} takes ${wider ? 'members of any name' : 'the named members alone'}`,
    from,
    to,
  );
}

const recordOf = (value: unknown): Schema => (isRecord(value) ? value : {});
const requiredOf = (schema: Schema): ReadonlySet<unknown> =>
  new Set<unknown>(Array.isArray(schema['required']) ? schema['required'] : []);

/** `inputSchema.properties.city.items` → "each item of `city`". */
function nameOf(at: string): string {
  const name = at
    .replace(/^\w+\.?/, '')
    .replaceAll(/(?:^|\.)properties\./g, '.')
    .replace(/^\./, '');
  if (name === '') return 'the whole';
  return name.endsWith('.items') ? `each item of \`${name.slice(0, -'.items'.length)}\`` : `\`${name}\``;
}

const wordOf = (value: unknown): string =>
  value === undefined ? 'not said' : typeof value === 'string' ? value : JSON.stringify(value);
