/**
 * `path:` with its values. A value is always one piece of the path: whatever it holds, the number
 * of segments, the segments that the configuration wrote and everything after `?` stay as they are.
 */
import { ConfigurationFault, type ToolArguments } from '../../tools/tool-type.ts';
import { parseRequestTemplate, placeholdersOf } from './request-template.ts';
import { refused, valueText } from './value-text.ts';

export interface RenderedPath {
  /** Percent-encoded, beginning with the path of the base URL. */
  readonly path: string;
  /** The query that the template wrote, without `?`. */
  readonly query: string;
}

/**
 * Compiles `path:` under a base URL. Throws `ConfigurationFault` at `path` for a path that is not one
 * (another origin, `..`, a fragment); the function it gives throws `REQUEST_VALUE_REFUSED`.
 */
export function compilePath(
  base: URL,
  template: string,
  parameters: readonly string[],
): (args: ToolArguments) => RenderedPath {
  if (/^[a-z][a-z0-9+.-]*:/i.test(template) || template.startsWith('//')) {
    throw new ConfigurationFault(
      ['path'],
      `\`${template}\` is a URL; a path starts below the \`baseUrl\` of the source`,
    );
  }
  const parts = parseRequestTemplate('path', template, parameters);
  const prefix = `${base.pathname.replace(/\/+$/, '')}/`;

  const render = (encode: (name: string, inQuery: boolean) => string): RenderedPath => {
    let text = '';
    let inQuery = false;
    for (const part of parts) {
      text += typeof part === 'string' ? literal(part) : encode(part.name, inQuery);
      inQuery ||= typeof part === 'string' && part.includes('?');
    }
    const [path = '', ...query] = text.split('?');
    return { path: path === '' ? base.pathname : prefix + path.replace(/^\//, ''), query: query.join('?') };
  };

  // One harmless rendering tells whether the template itself survives a URL parser unchanged.
  const sample = render(() => 'x');
  if (normalized(base, sample.path) !== sample.path || template.includes('#')) {
    throw new ConfigurationFault(
      ['path'],
      `\`${template}\` is not a plain path`,
      'Leave out `.` and `..` segments, `\\` and `#`, and percent-encode what is not a URL character.',
    );
  }

  return (args) => {
    const rendered = render((name, inQuery) => {
      const text = valueText(name, args[name]);
      if (text === undefined && !inQuery) throw refused(name, 'is missing, and the path needs it');
      if (text === '' && !inQuery) throw refused(name, 'is empty, and an empty piece would make another path');
      return encodeURIComponent(text ?? '');
    });
    // `..` needs no character that encoding would change, and `%2e%2e` counts as `..` too (WHATWG URL
    // §4.1): what a parser would resolve away is refused instead.
    if (normalized(base, rendered.path) !== rendered.path) {
      const culprit = placeholdersOf(parts).find(({ name }) => /^\.+$/.test(valueText(name, args[name]) ?? ''));
      throw refused(culprit?.name ?? 'path', 'would make a `.` or `..` segment of the path');
    }
    return rendered;
  };
}

const normalized = (base: URL, path: string): string | undefined => URL.parse(base.origin + path)?.pathname;

/** Text of the template, encoded where its author did not: spaces, quotes, letters beyond ASCII. */
const literal = (text: string): string => text.replace(/[^\x21-\x7e]|["<>`{}^]/gu, encodeURIComponent);
