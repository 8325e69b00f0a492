/**
 * RFC 6570 level 1, matched backwards: which values of the variables give this URI? `{name}` expands to
 * percent-encoded text, so a value reaches to the next reserved character; where a template says that a
 * variable is a path, it may hold slashes as well, as clients write them.
 */
import { ConfigurationFault } from '../tools/tool-type.ts';

export interface UriTemplate {
  readonly variables: readonly string[];
  /** The variables of a URI, decoded once; undefined when it is not one of the template's. */
  match(uri: string): Readonly<Record<string, string>> | undefined;
}

// Longer addresses are no addresses; also bounds the work of matching.
const LONGEST_URI = 4096;

/** Compiles a template. `paths` are the variables that may hold slashes. Throws `ConfigurationFault`. */
export function compileUriTemplate(template: string, paths: readonly string[] = []): UriTemplate {
  const pieces = template.split(/(\{[^{}]*\})/);
  const variables: string[] = [];
  for (const piece of pieces.filter((_, index) => index % 2 === 1)) {
    const name = /^\{([A-Za-z_][A-Za-z0-9_.]*)\}$/.exec(piece)?.[1];
    if (name === undefined) {
      throw new ConfigurationFault(
        ['uriTemplate'],
        `\`${piece}\` is not a variable that is understood`,
        'write `{name}`: level 1 of RFC 6570, no operators',
      );
    }
    if (variables.includes(name))
      throw new ConfigurationFault(['uriTemplate'], `the variable \`${name}\` stands there twice`);
    variables.push(name);
  }
  const literals = pieces.filter((_, index) => index % 2 === 0);
  if (literals.slice(1, -1).includes('')) {
    throw new ConfigurationFault(['uriTemplate'], 'two variables touch, and nobody could tell where one ends');
  }
  if (literals.some((literal) => /[{}]/.test(literal)))
    throw new ConfigurationFault(['uriTemplate'], 'a brace is not closed');
  return { variables, match: (uri) => match(uri, literals, variables, paths) };
}

function match(
  uri: string,
  literals: readonly string[],
  variables: readonly string[],
  paths: readonly string[],
): Record<string, string> | undefined {
  const first = literals[0] as string;
  if (uri.length > LONGEST_URI || !uri.startsWith(first)) return undefined;
  const values: [string, string][] = [];
  let at = first.length;
  for (const [index, name] of variables.entries()) {
    const next = literals[index + 1] as string;
    const last = index === variables.length - 1;
    // The last variable takes what the template's end leaves, the others end at the next literal.
    const end = last ? uri.length - next.length : uri.indexOf(next, at);
    if (end <= at || (last && !uri.endsWith(next))) return undefined;
    const value = decode(uri.slice(at, end), paths.includes(name));
    if (value === undefined) return undefined;
    values.push([name, value]);
    at = end + next.length;
  }
  return Object.fromEntries(values);
}

/** Decodes once: a `%252e` is the text `%2e`, never a dot. */
function decode(encoded: string, path: boolean): string | undefined {
  if (path ? /[?#]/.test(encoded) : /[/?#]/.test(encoded)) return undefined;
  try {
    return decodeURIComponent(encoded);
  } catch {
    return undefined;
  }
}
