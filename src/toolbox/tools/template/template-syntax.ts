/**
 * The part of Go's text/template that MCP Toolbox's files use: `{{.name}}`, and in statements
 * `{{array .name}}`. Everything else between double braces is refused when the file is read, because a
 * template language in a statement is a second program that nobody reviews.
 */
import { ConfigurationFault } from '../tool-type.ts';

export interface Placeholder {
  readonly name: string;
  /** `array` in `{{array .name}}`. */
  readonly function: string | undefined;
  /** As it stands in the text. */
  readonly written: string;
}

/** Literal text and placeholders, in order. */
export type Template = readonly (string | Placeholder)[];

/**
 * Cuts a text at its placeholders. `functions` are the words that may stand before a name; `path` is
 * where the text stands in its document. Throws `ConfigurationFault`.
 */
export function parseTemplate(
  text: string,
  functions: readonly string[],
  path: readonly (string | number)[],
): Template {
  const parts: (string | Placeholder)[] = [];
  let at = 0;
  for (;;) {
    const open = text.indexOf('{{', at);
    if (open === -1) break;
    const close = text.indexOf('}}', open);
    if (close === -1) {
      throw new ConfigurationFault(
        path,
        `the \`{{\` before \`${excerpt(text.slice(open + 2))}\` is not closed`,
        supported(functions),
      );
    }
    if (open > at) parts.push(text.slice(at, open));
    parts.push(readPlaceholder(text.slice(open, close + 2), functions, path));
    at = close + 2;
  }
  if (at < text.length) parts.push(text.slice(at));
  return parts;
}

function readPlaceholder(
  written: string,
  functions: readonly string[],
  path: readonly (string | number)[],
): Placeholder {
  const match = /^\{\{\s*(?:(\w+)\s+)?\.([\p{L}_][\p{L}\p{N}_]*)\s*\}\}$/u.exec(written);
  const word = match?.[1];
  if (!match || (word !== undefined && !functions.includes(word))) {
    throw new ConfigurationFault(path, `\`${excerpt(written)}\` is not a placeholder`, supported(functions));
  }
  return { name: match[2] as string, function: word, written };
}

const supported = (functions: readonly string[]): string =>
  `write \`{{.name}}\`${functions.map((word) => ` or \`{{${word} .name}}\``).join('')}; conditions, loops, pipes and comments are not part of it`;

const excerpt = (text: string): string => (text.length <= 40 ? text : `${text.slice(0, 40)}…`);
