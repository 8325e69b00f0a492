/**
 * Where a placeholder stands in a statement: bare, inside the quotes of a name, of a string, or in a
 * comment. That decides what may be put there, so this reader knows each dialect's quotes and no more
 * of SQL. Where dialects differ and it could err, it errs towards `string` and `comment`, where
 * identifiers are refused.
 */
import type { SqlDialect } from '../../sources/source.ts';
import type { Placeholder, Template } from './template-syntax.ts';

export type SqlPosition =
  | { readonly kind: 'bare'; readonly before: string; readonly after: string }
  /** Inside the quotes of a name; `beside` is the rest of that name. */
  | { readonly kind: 'quoted'; readonly open: string; readonly close: string; readonly beside: Template }
  | { readonly kind: 'string' }
  | { readonly kind: 'comment' };

type State =
  | { readonly kind: 'code' }
  | {
      readonly kind: 'quoted';
      readonly open: string;
      readonly close: string;
      readonly beside: (string | Placeholder)[];
    }
  | { readonly kind: 'string'; readonly close: string; readonly backslash: boolean }
  | { readonly kind: 'comment'; readonly close: string; readonly nests: boolean; depth: number };

const CODE: State = { kind: 'code' };

/** The position of every placeholder of the template, in order. */
export function sqlPositions(template: Template, dialect: SqlDialect): SqlPosition[] {
  const positions: SqlPosition[] = [];
  let state: State = CODE;
  for (const [index, part] of template.entries()) {
    if (typeof part === 'string') {
      state = readText(part, state, dialect);
      continue;
    }
    if (state.kind === 'code') {
      positions.push({ kind: 'bare', before: edge(template[index - 1], -1), after: edge(template[index + 1], 0) });
    } else if (state.kind === 'quoted') {
      state.beside.push(part);
      positions.push({ kind: 'quoted', open: state.open, close: state.close, beside: state.beside });
    } else {
      positions.push({ kind: state.kind });
    }
  }
  return positions;
}

/** The character that touches a placeholder; another placeholder shows as its brace. */
const edge = (neighbour: string | Placeholder | undefined, at: number): string =>
  neighbour === undefined ? '' : typeof neighbour === 'string' ? (neighbour.at(at) as string) : '{';

function readText(text: string, before: State, dialect: SqlDialect): State {
  let state = before;
  let at = 0;
  while (at < text.length) {
    if (state.kind === 'code') {
      const opened = opening(text, at, dialect);
      state = opened?.state ?? CODE;
      at += opened?.length ?? 1;
    } else if (state.kind === 'comment' && state.nests && text.startsWith('/*', at)) {
      state.depth++;
      at += 2;
    } else if (state.kind === 'string' && state.backslash && text[at] === '\\') {
      at += 2;
    } else if (text.startsWith(state.close, at)) {
      const length = state.close.length;
      // A doubled quote is the character, and the name or string goes on.
      const doubled = length === 1 && state.close !== '\n' && text[at + 1] === state.close;
      if (doubled && state.kind === 'quoted') state.beside.push(state.close);
      if (state.kind === 'comment' && state.nests && state.depth > 1) state.depth--;
      else if (!doubled) state = CODE;
      at += doubled ? 2 : length;
    } else {
      if (state.kind === 'quoted') state.beside.push(text[at] as string);
      at++;
    }
  }
  return state;
}

/** What begins at a place in code, and the length of its opening. */
function opening(text: string, at: number, dialect: SqlDialect): { state: State; length: number } | undefined {
  const char = text[at] as string;
  const quotes = dialect.identifierQuotes.find(([open]) => open === char);
  if (quotes) return { state: { kind: 'quoted', open: quotes[0], close: quotes[1], beside: [] }, length: 1 };
  const mysql = dialect.name === 'mysql';
  if (char === "'" || char === '"') {
    return { state: { kind: 'string', close: char, backslash: mysql || escapeString(text, at) }, length: 1 };
  }
  if (text.startsWith('--', at) || (mysql && char === '#')) {
    return { state: { kind: 'comment', close: '\n', nests: false, depth: 1 }, length: 1 };
  }
  if (text.startsWith('/*', at)) {
    const nests = dialect.name === 'postgres' || dialect.name === 'duckdb';
    return { state: { kind: 'comment', close: '*/', nests, depth: 1 }, length: 2 };
  }
  if (char === '$' && (dialect.name === 'postgres' || dialect.name === 'duckdb')) {
    const tag = /^\$(?:[\p{L}_][\p{L}\p{N}_]*)?\$/u.exec(text.slice(at, at + 70));
    if (tag && !isWord(text[at - 1])) {
      return { state: { kind: 'string', close: tag[0], backslash: false }, length: tag[0].length };
    }
  }
  return undefined;
}

/** PostgreSQL's `E'…'`, in which a backslash escapes. */
const escapeString = (text: string, at: number): boolean => /[eE]/.test(text[at - 1] ?? '') && !isWord(text[at - 2]);

const isWord = (char: string | undefined): boolean => char !== undefined && /[\p{L}\p{N}_$]/u.test(char);
