import { ChatelaineError } from '#kernel';
import { toolboxError } from '../../errors.ts';

/** Why a text and its values are not run at all, in words for whoever wrote them. */
export const refused = (message: string): ChatelaineError => toolboxError('SQL_FAILED', message);

/** `SOURCE_UNREACHABLE` for what kept the file from being opened. */
export function unreachable(path: string, cause: unknown): ChatelaineError {
  if (cause instanceof ChatelaineError) return cause;
  return toolboxError('SOURCE_UNREACHABLE', `cannot use the DuckDB database \`${path}\`: ${wordsOf(cause)}`, { cause });
}

/** What a failed statement is to its caller. DuckDB has no codes: the words are what there is. */
export function statementFault(cause: unknown): Error {
  if (cause instanceof ChatelaineError) return cause;
  const words = wordsOf(cause);
  const readOnly = /transaction is launched in read-only mode|attached in read-only mode/.test(words);
  return toolboxError(readOnly ? 'READ_ONLY' : 'SQL_FAILED', words, { cause });
}

const wordsOf = (cause: unknown): string => (cause as Error).message.replace(/^Failed to [a-z ]+: /, '').trim();
