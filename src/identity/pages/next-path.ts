/** Where who asked for nothing goes on to. */
export const HOME = '/console/account';

/**
 * Where to go on after signing in: a path of this server, and nothing that some browser reads as another
 * place (`//evil.test`, `/\evil.test`, `javascript:`; RFC 9700 §4.11). Anything else is `home`.
 */
export function nextPath(wanted: string | null, home: string): string {
  if (wanted === null || wanted.length > 1024 || !/^\/(?![/\\])[\x21-\x5b\x5d-\x7e]*$/.test(wanted)) return home;
  const here = 'http://here.invalid';
  return URL.parse(wanted, here)?.origin === here ? wanted : home;
}

/** A path with `next` behind it. */
export const withNext = (path: string, next: string): string => `${path}?next=${encodeURIComponent(next)}`;
