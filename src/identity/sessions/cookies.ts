import { reveal, type Secret } from '#kernel';

/**
 * The cookies of the pages. Over https all carry `__Host-`: the browser then takes them from this host
 * alone, so no neighbour on a sibling domain can plant one (session fixation; RFC 6265bis §4.1.3.2).
 * Over http, which is served on loopback alone, Chrome and Firefox would take them with `Secure`; Safari drops
 * whatever says it there. So there they have plain names and no `Secure`.
 */
export interface CookieJar {
  /** The session. Lax: a link from a mail may lead to a page of a signed-in person, a form from elsewhere not. */
  readonly session: string;
  /** A browser that a person signed in with before. */
  readonly device: string;
  /** Whoever looks at a form before signing in. */
  readonly visit: string;
  /** The setup link that is being followed. */
  readonly link: string;
  readonly secure: boolean;
}

export function cookieJar(publicUrl: URL): CookieJar {
  const secure = publicUrl.protocol === 'https:';
  const prefix = secure ? '__Host-' : '';
  return {
    session: `${prefix}chatelaine`,
    device: `${prefix}chatelaine-device`,
    visit: `${prefix}chatelaine-visit`,
    link: `${prefix}chatelaine-link`,
    secure,
  };
}

/** `Set-Cookie` for a value; without `seconds` it goes with the browser's session. */
export function setCookie(jar: CookieJar, name: string, value: Secret, seconds?: number): string {
  const age = seconds === undefined ? '' : `; Max-Age=${seconds}`;
  return `${name}=${reveal(value)}; Path=/${age}${jar.secure ? '; Secure' : ''}; HttpOnly; SameSite=Lax`;
}

export const clearCookie = (jar: CookieJar, name: string): string =>
  `${name}=; Path=/; Max-Age=0${jar.secure ? '; Secure' : ''}; HttpOnly; SameSite=Lax`;

/**
 * The value of a cookie; undefined when it is absent or there more than once: of two, one was put there
 * by somebody else, and readers differ in which they take.
 */
export function readCookie(header: string | undefined, name: string): string | undefined {
  if (header === undefined || header.length > 16_384) return undefined;
  const values = header
    .split(';')
    .map((pair) => pair.trim())
    .filter((pair) => pair.startsWith(`${name}=`))
    .map((pair) => pair.slice(name.length + 1));
  return values.length === 1 ? values[0] : undefined;
}
