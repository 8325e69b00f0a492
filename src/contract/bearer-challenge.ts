/** What a resource says with `WWW-Authenticate` (RFC 9110 §11.6.1, RFC 6750 §3, RFC 9728 §5.1); pure. */

export interface BearerChallenge {
  readonly error: string | undefined;
  /** Undefined where the challenge names none; empty where it names an empty list. */
  readonly scopes: readonly string[] | undefined;
  readonly resourceMetadata: string | undefined;
}

/** More than any resource says; what is beyond is somebody's attack on whoever reads it. */
const LONGEST = 8192;
const MOST_SCOPES = 100;

const TOKEN = "[!#$%&'*+.^_`|~0-9A-Za-z-]+";
/** One parameter, or the scheme that begins the next challenge. Each alternative ends before the next can begin. */
const PART = new RegExp(String.raw`(${TOKEN})(?:\s*=\s*(?:"((?:[^"\\]|\\.)*)"|(${TOKEN}(?:=*)))|(?=\s|,|$))`, 'y');

/** The first `Bearer` challenge of the field; undefined where there is none. What cannot be read ends it. */
export function readChallenge(field: string | undefined): BearerChallenge | undefined {
  if (field === undefined || field.length > LONGEST) return undefined;
  let found: Map<string, string> | undefined;
  let at = 0;
  for (;;) {
    while (' \t,'.includes(field.charAt(at)) && at < field.length) at++;
    if (at >= field.length) break;
    PART.lastIndex = at;
    const [all = '', name = '', quoted, plain] = PART.exec(field) ?? [];
    if (all === '') break;
    at += all.length;
    if (quoted === undefined && plain === undefined) {
      if (found !== undefined) break;
      if (name.toLowerCase() === 'bearer') found = new Map();
      continue;
    }
    // RFC 9110 §11.2: a parameter occurs once; of two, the one that came first is meant.
    const key = name.toLowerCase();
    if (found?.has(key) === false) found.set(key, quoted?.replaceAll(/\\(.)/g, '$1') ?? plain ?? '');
  }
  return (
    found && {
      error: found.get('error'),
      scopes: scopesOf(found.get('scope')),
      resourceMetadata: found.get('resource_metadata'),
    }
  );
}

/** The tokens of a `scope` parameter (RFC 6749 §3.3); what is none of them is left out. */
export function scopesOf(text: string | undefined): readonly string[] | undefined {
  if (text === undefined) return undefined;
  return [...new Set(text.split(' ').filter(isScope))].slice(0, MOST_SCOPES);
}

export const isScope = (word: string): boolean => /^[\x21\x23-\x5b\x5d-\x7e]{1,256}$/.test(word);
