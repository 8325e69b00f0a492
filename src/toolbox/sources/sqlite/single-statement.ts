import type { DatabaseSync, StatementSync } from 'node:sqlite';
import { StatementRefused } from './statement-refused.ts';

/**
 * Compiles a text that is one statement. The driver compiles the first statement of a text and says
 * nothing of the rest, which would be a way to have a text reviewed and another one run; so the rest
 * must hold no statement, and SQLite itself is asked whether it does.
 *
 * Throws `StatementRefused`, or SQLite's own error for the first statement.
 */
export function prepareOne(database: DatabaseSync, text: string): StatementSync {
  // SQLite would end the text at a NUL.
  if (text.includes('\0')) throw new StatementRefused('the statement has a NUL character in it');
  const statement = prepare(database, text);
  if (!statement) throw new StatementRefused('there is no statement in the text');
  if (!isBlank(database, text.slice(statement.sourceSQL.length))) {
    throw new StatementRefused('the text is more than one statement; a call runs one');
  }
  return statement;
}

/** Undefined for a text of blanks and comments. */
function prepare(database: DatabaseSync, text: string): StatementSync | undefined {
  try {
    return database.prepare(text);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ERR_INVALID_ARG_VALUE') return undefined;
    throw error;
  }
}

function isBlank(database: DatabaseSync, rest: string): boolean {
  // A lone semicolon is an empty statement, and after it the text goes on.
  const trimmed = rest.replace(/^[\s;]+/, '');
  if (trimmed === '') return true;
  try {
    return prepare(database, trimmed) === undefined;
  } catch {
    return false;
  }
}
