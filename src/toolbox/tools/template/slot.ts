/**
 * What is put in the place of one placeholder: an identifier, a keyword of a closed list, a number or a
 * truth value; each as text that can mean nothing else where it stands. Free text has no way in.
 */
import type { ParameterDeclaration } from '#contract';
import type { JsonValue } from '#kernel';
import { toolboxError } from '../../errors.ts';
import { compileValueList, quoteValue } from '../../parameters/index.ts';
import type { SqlDialect } from '../../sources/source.ts';
import { ConfigurationFault } from '../tool-type.ts';
import type { SqlPosition } from './sql-position.ts';
import type { Placeholder } from './template-syntax.ts';

/** The text for a checked argument; throws `TEMPLATE_VALUE_REFUSED`. */
export type Slot = (value: JsonValue | undefined) => string;

export interface SlotContext {
  readonly placeholder: Placeholder;
  readonly position: SqlPosition;
  readonly declaration: ParameterDeclaration;
  readonly dialect: SqlDialect;
  /** Of the declaration, and of the statement. */
  readonly path: readonly (string | number)[];
  readonly statementPath: readonly (string | number)[];
}

/** Decides what a placeholder may hold. Throws `ConfigurationFault` where it could hold nothing safe. */
export function compileSlot(context: SlotContext): Slot {
  const { placeholder, position, declaration, statementPath } = context;
  if (position.kind === 'comment') {
    throw new ConfigurationFault(
      statementPath,
      `\`${placeholder.written}\` stands in a comment, where it does nothing`,
    );
  }
  const item = itemOf(declaration);
  if (declaration.type === 'map' || item === undefined || item.type === 'map' || item.type === 'array') {
    throw new ConfigurationFault(
      [...context.path, 'type'],
      `a template parameter is a name, a number, or an array of these, not ${declaration.type === 'array' ? 'an array of others' : 'a map'}`,
    );
  }
  if (item.as !== undefined && item.type !== 'string') {
    throw new ConfigurationFault(
      [...context.path, 'as'],
      '`as` belongs to strings; numbers stand in a statement as they are',
    );
  }
  checkList(context);
  const one = itemSlot({
    ...context,
    declaration: item,
    path: item === declaration ? context.path : [...context.path, 'items'],
  });
  return declaration.type === 'array' ? listSlot(declaration.name, one) : one;
}

/** What each name in the list is; `as` may stand on either. */
function itemOf(declaration: ParameterDeclaration): ParameterDeclaration | undefined {
  if (declaration.type !== 'array' || declaration.items === undefined) return declaration.items ?? declaration;
  return { ...declaration.items, as: declaration.items.as ?? declaration.as };
}

/** `{{array .x}}` and an array belong together, and a list cannot stand inside quotes. */
function checkList({ placeholder, position, declaration, statementPath }: SlotContext): void {
  const list = declaration.type === 'array';
  const { name, written } = placeholder;
  if (list && placeholder.function === undefined) {
    throw new ConfigurationFault(
      statementPath,
      `\`${written}\`: \`${name}\` is an array; write \`{{array .${name}}}\``,
    );
  }
  if (!list && placeholder.function === 'array') {
    throw new ConfigurationFault(statementPath, `\`${written}\`: \`${name}\` is no array; write \`{{.${name}}}\``);
  }
  if (list && position.kind !== 'bare') {
    throw new ConfigurationFault(
      statementPath,
      `\`${written}\` stands inside quotes, and a list has several names; take the quotes away`,
    );
  }
}

function listSlot(name: string, one: Slot): Slot {
  return (value) => {
    const items = (value ?? []) as JsonValue[];
    if (items.length === 0) throw refused(name, 'is an empty list, and the statement needs at least one name');
    return items.map(one).join(', ');
  };
}

function itemSlot(context: SlotContext): Slot {
  if (context.declaration.type === 'boolean') return (value) => JSON.stringify(present(context, value));
  if (context.declaration.type !== 'string') return numberSlot(context);
  return isKeyword(context) ? keywordSlot(context) : identifierSlot(context);
}

function present({ placeholder }: SlotContext, value: JsonValue | undefined): JsonValue {
  if (value === undefined) throw refused(placeholder.name, 'is not given, and the statement cannot do without it');
  return value;
}

/** Digits are harmless anywhere; a minus is not: `5-{{.n}}` would become `5--1`, the rest a comment. */
function numberSlot(context: SlotContext): Slot {
  const { position, placeholder } = context;
  const joined =
    position.kind === 'bare' &&
    (/[\p{L}\p{N}_$"'`\]{]/u.test(position.before) || /[\p{L}\p{N}_$"'`[{]/u.test(position.after));
  return (value) => {
    const number = present(context, value) as number;
    const text = String(number);
    if (position.kind !== 'bare' || /^\d+$/.test(text)) return text;
    if (joined) throw refused(placeholder.name, `must be a whole number without sign here, not \`${text}\``);
    return number < 0 ? `(${text})` : text;
  };
}

const PLAIN_WORDS = /^[A-Za-z]+(?: [A-Za-z]+)*$/;
// No dialect takes these for a name without quotes, so a list of them can only mean the words.
const SORT_WORDS = new Set(['asc', 'desc']);

/** `as: keyword`, or a closed list of sort directions, which is how Toolbox's files have always had them. */
function isKeyword({ declaration }: SlotContext): boolean {
  if (declaration.as !== undefined) return declaration.as === 'keyword';
  const words = closedList(declaration);
  return words !== undefined && words.every((word) => SORT_WORDS.has(word.toLowerCase()));
}

function keywordSlot(context: SlotContext): Slot {
  const { declaration, path } = context;
  const words = closedList(declaration);
  if (words === undefined) {
    throw new ConfigurationFault(
      [...path, 'as'],
      '`as: keyword` needs `allowedValues` or `enum` with every word that may stand there',
    );
  }
  const odd = words.find((word) => !PLAIN_WORDS.test(word));
  if (odd !== undefined) {
    throw new ConfigurationFault(
      [...path, 'as'],
      `${quoteValue(odd)} is not a plain word, and \`as: keyword\` inserts words as they stand`,
    );
  }
  const known = new Set(words);
  return (value) => {
    const word = present(context, value) as string;
    if (!known.has(word)) throw refused(context.placeholder.name, `must be one of ${words.map(quoteValue).join(', ')}`);
    return word;
  };
}

/** The texts that a declaration allows, where it names them all. */
function closedList(declaration: ParameterDeclaration): readonly string[] | undefined {
  for (const field of ['enum', 'allowedValues'] as const) {
    const list = compileValueList(declaration, field, []);
    if (list && list.patterns.length === 0 && list.compounds.length === 0) return [...list.values] as string[];
  }
  return undefined;
}

const NAME = /^[\p{L}_][\p{L}\p{M}\p{N}_]*$/u;
// database.schema.table.column
const MOST_PARTS = 4;

function identifierSlot(context: SlotContext): Slot {
  const { placeholder, position, declaration } = context;
  if (position.kind === 'string') {
    throw new ConfigurationFault(
      context.statementPath,
      `\`${placeholder.written}\` stands inside a string, where only numbers and keywords are safe`,
      'a value belongs in `parameters`, bound with a placeholder of the database',
    );
  }
  const listed = new Set(closedList(declaration));
  const quote = position.kind === 'quoted' ? quotedName(context) : bareName(context);
  const qualifiable = position.kind === 'bare' && position.before !== '.' && position.after !== '.';
  return (value) => {
    const name = present(context, value) as string;
    // What the author listed may hold any character: quoting makes it one name whatever is in it.
    const parts = qualifiable ? name.split('.') : [name];
    if (parts.length > MOST_PARTS || parts.includes('') || name.includes('\0'))
      throw notAName(placeholder.name, name, qualifiable);
    if (!listed.has(name) && !parts.every((part) => NAME.test(part)))
      throw notAName(placeholder.name, name, qualifiable);
    return parts.map((part) => quote(part)).join('.');
  };

  function notAName(parameter: string, name: string, qualified: boolean): Error {
    return refused(
      parameter,
      `must be an identifier (letters, digits, underscores${qualified ? '; parts joined by dots' : ''}), not ${quoteValue(name)}`,
    );
  }
}

/** Text that may touch a quoted name without becoming part of it: `""` would be a quote inside a name. */
const MAY_PRECEDE = /^[\s(),.=<>+*/%|;:[-]?$/;
const MAY_FOLLOW = /^[\s(),.=<>+*/%|;:[\]!-]?$/;

function bareName({
  placeholder,
  position,
  declaration,
  dialect,
  path,
  statementPath,
}: SlotContext): (part: string) => string {
  if (position.kind !== 'bare') throw new TypeError('not a bare position');
  if (!MAY_PRECEDE.test(position.before) || !MAY_FOLLOW.test(position.after)) {
    const [open, close] = dialect.identifierQuotes[0] ?? ['"', '"'];
    throw new ConfigurationFault(
      statementPath,
      `\`${placeholder.written}\` touches \`${MAY_PRECEDE.test(position.before) ? position.after : position.before}\`, and a quoted name cannot be a part of another`,
      `put the whole name in quotes: \`${open}…${placeholder.written}…${close}\``,
    );
  }
  const bare = declaration.escape === undefined;
  if (!bare) checkEscape(declaration.escape, dialect, path);
  return (part) => dialect.quoteIdentifier(part, { bare });
}

const ESCAPES = { 'double-quotes': '"', backticks: '`', 'square-brackets': '[' } as const;

function checkEscape(
  escape: NonNullable<ParameterDeclaration['escape']>,
  dialect: SqlDialect,
  path: readonly (string | number)[],
): void {
  if (escape !== 'single-quotes' && dialect.identifierQuotes.some(([open]) => open === ESCAPES[escape])) return;
  throw new ConfigurationFault(
    [...path, 'escape'],
    escape === 'single-quotes'
      ? 'single quotes make a string of it, and a value belongs in `parameters`, bound with a placeholder of the database'
      : `${escape.replace('-', ' ')} are not quotes of a name in ${dialect.name}`,
    `leave \`escape\` out: names are quoted for the database; or set \`unsafeTemplate: true\` on the tool`,
  );
}

/** Inside the author's quotes: only what would end them needs care. */
function quotedName({
  placeholder,
  position,
  declaration,
  dialect,
  path,
  statementPath,
}: SlotContext): (part: string) => string {
  if (position.kind !== 'quoted') throw new TypeError('not a quoted position');
  if (declaration.escape !== undefined) {
    throw new ConfigurationFault(
      [...path, 'escape'],
      `\`${placeholder.written}\` has quotes in the statement already; leave \`escape\` out`,
    );
  }
  if (position.beside.filter((part) => typeof part !== 'string').length > 1) {
    throw new ConfigurationFault(
      statementPath,
      `\`${placeholder.written}\` shares its quotes with another placeholder; a name has one`,
    );
  }
  const rest = position.beside.filter((part) => typeof part === 'string').join('');
  const { open, close } = position;
  return (part) => {
    // Names that are too long are cut by some databases; the dialect knows, and refuses.
    dialect.quoteIdentifier(rest + part, { bare: false });
    if (open !== close && part.includes(close))
      throw refused(placeholder.name, `cannot hold \`${close}\` inside \`${open}${close}\``);
    return part.replaceAll(close, close + close);
  };
}

const refused = (name: string, what: string): Error => toolboxError('TEMPLATE_VALUE_REFUSED', `\`${name}\` ${what}`);
