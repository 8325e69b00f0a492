/**
 * What is put in the place of one placeholder: an identifier, a keyword of a closed list, a number or a
 * truth value; each as text that can mean nothing else where it stands. Free text has no way in.
 */
import type { ParameterDeclaration } from '#contract';
import type { JsonValue } from '#kernel';
import { quoteValue } from '../../parameters/index.ts';
import { ConfigurationFault } from '../tool-type.ts';
import { identifierSlot } from './identifier-slot.ts';
import { closedList, present, refused, type Slot, type SlotContext } from './slot-context.ts';

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
