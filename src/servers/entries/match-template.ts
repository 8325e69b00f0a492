import type { ResourceTemplate } from '#toolbox';

/** More expressions than that are no address. */
const MOST_EXPRESSIONS = 20;

/**
 * Whether a URI may be one of a template (RFC 6570). Which variables it gives is the server's to say, which reads the
 * URI as it is; here it only decides whose the URI is. Text outside of the braces must be there, in its order: no
 * regular expression is made of what a stranger wrote.
 */
export function matchTemplate(template: string): ResourceTemplate['match'] {
  const pieces = template.split(/\{[^{}]*\}/);
  const [first = '', ...rest] = pieces;
  const last = rest.pop();
  return (uri) => {
    if (pieces.length > MOST_EXPRESSIONS) return undefined;
    if (last === undefined) return uri === first ? {} : undefined;
    if (!uri.startsWith(first) || !uri.endsWith(last) || uri.length < first.length + last.length) return undefined;
    let at = first.length;
    const end = uri.length - last.length;
    for (const piece of rest) {
      const found = uri.indexOf(piece, at);
      if (found === -1 || found + piece.length > end) return undefined;
      at = found + piece.length;
    }
    // A template that is all variable is anybody's: it is read at the server's own door.
    return first === '' ? undefined : {};
  };
}
