/**
 * What a redirect URI of an OAuth client may be; the same for clients of the configuration, those that register
 * themselves and metadata documents. Codes are sent there, so whoever can have another one accepted has them.
 */
import { err, ok, type Result } from '#kernel';

export interface RedirectUri {
  /** `https`; a listener of this machine (RFC 8252 §7.3); a scheme that an app has taken for itself (§7.1). */
  readonly kind: 'https' | 'loopback' | 'private-use';
  /** Where it leads, for people: a host, or the scheme. */
  readonly host: string;
  /** It leads to the machine of who opens it. */
  readonly isLocal: boolean;
}

export const LONGEST_REDIRECT_URI = 2048;

/** As they are written; `localhost` is no address, but what most native clients send (RFC 8252 §8.3 advises against). */
const LOOPBACK_HOSTS: ReadonlySet<string> = new Set(['127.0.0.1', '[::1]', 'localhost']);

/**
 * Schemes without a dot, against RFC 8252 §7.1, of programs that many people use with MCP and that have nothing
 * else to offer, or register it beside the rest: refused, the whole registration would be.
 */
const TOLERATED_SCHEMES: ReadonlySet<string> = new Set(['claude', 'cursor', 'vscode', 'vscode-insiders', 'windsurf']);

const PRINTABLE = /^[\x21-\x7e]+$/;
const SCHEME = /^([a-z][a-z0-9+.-]*):/;
const DOT_SEGMENT = /\/(?:\.|%2e){1,2}(?:[/?]|$)/i;

/** What kind of redirect URI the text is, or why it is none. Nothing is corrected: it is compared as it stands. */
export function parseRedirectUri(text: string): Result<RedirectUri, string> {
  if (text === '') return err('it is empty');
  if (text.length > LONGEST_REDIRECT_URI) return err(`it has more than ${LONGEST_REDIRECT_URI} characters`);
  // A URL parser drops tabs and turns `\` into `/`: what was checked would not be where browsers go.
  if (!PRINTABLE.test(text) || /[\\"<>^`{|}]/.test(text))
    return err('it holds a character that no URI does (RFC 3986 §2)');
  if (text.includes('#')) return err('it has a fragment (RFC 6749 §3.1.2)');
  if (text.includes('*')) return err('it has a wildcard, and is compared as it stands');
  const scheme = SCHEME.exec(text)?.[1];
  const url = URL.parse(text);
  if (scheme === undefined || url === null) return err('it is no absolute URI with its scheme in lower case');
  if (url.username !== '' || url.password !== '') return err('it holds credentials');
  if (scheme === 'https' || scheme === 'http') return parseWebUri(text, scheme, url);
  if (!scheme.includes('.') && !TOLERATED_SCHEMES.has(scheme)) {
    return err(
      `\`${scheme}:\` is no scheme of an app: https, http to this machine, or the reverse of a domain such as \`com.example.app:\` (RFC 8252 §7.1)`,
    );
  }
  return ok({ kind: 'private-use', host: scheme, isLocal: true });
}

function parseWebUri(text: string, scheme: 'https' | 'http', url: URL): Result<RedirectUri, string> {
  const rest = text.slice(`${scheme}://`.length);
  const end = rest.search(/[/?]/);
  const authority = end === -1 ? rest : rest.slice(0, end);
  // Other spellings of a host (0x7f.1, upper case) are what people are shown wrongly and browsers read otherwise.
  const usual = `${url.hostname}:${scheme === 'https' ? 443 : 80}`;
  if (!text.startsWith(`${scheme}://`) || (authority !== url.host && authority !== usual)) {
    return err('its host is not written as browsers read it');
  }
  if (DOT_SEGMENT.test(end === -1 ? '' : rest.slice(end))) return err('it climbs with `.` or `..` in its path');
  const isLoopback = LOOPBACK_HOSTS.has(url.hostname);
  if (scheme === 'https') return ok({ kind: 'https', host: url.host, isLocal: isLoopback });
  if (!isLoopback)
    return err('plain http leads to this machine or nowhere: codes would cross the network in the clear');
  return ok({ kind: 'loopback', host: url.host, isLocal: true });
}

/**
 * Whether a request may be redirected there: byte for byte as it was registered (RFC 9700 §2.1), and for a
 * native client whatever port of the same loopback host, since it learns its own when it starts (RFC 8252
 * §7.3). Of everything else nothing is folded, decoded or left out.
 */
export function matchesRedirectUri(registered: string, presented: string, isNative: boolean): boolean {
  if (registered === presented) return true;
  if (!isNative) return false;
  const without = withoutLoopbackPort(registered);
  return without !== undefined && without === withoutLoopbackPort(presented);
}

const LOOPBACK = /^(http:\/\/(?:127\.0\.0\.1|\[::1\]|localhost))(?::([1-9]\d{0,4}))?(?=$|[/?])/;

function withoutLoopbackPort(uri: string): string | undefined {
  const match = LOOPBACK.exec(uri);
  if (match === null || Number(match[2] ?? 1) > 65_535 || !parseRedirectUri(uri).ok) return undefined;
  return `${match[1]}${uri.slice(match[0].length)}`;
}
