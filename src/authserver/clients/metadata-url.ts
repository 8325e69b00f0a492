import { err, ok, type Result } from '#kernel';

const LONGEST = 2048;

/**
 * Whether a `client_id` is the URL of a metadata document (draft-ietf-oauth-client-id-metadata-document-02 §3),
 * or why not. It is compared with the document byte for byte and shown to people, so it has one spelling: what
 * a URL parser would rewrite is refused before anything is fetched.
 */
export function parseMetadataUrl(text: string): Result<URL, string> {
  if (!text.startsWith('https://')) return err('it does not begin with `https://`');
  if (text.length > LONGEST) return err(`it has more than ${LONGEST} characters`);
  if (!/^[\x21-\x7e]+$/.test(text) || text.includes('\\')) return err('it holds a character that no URL does');
  if (text.includes('#')) return err('it has a fragment');
  const url = URL.parse(text);
  if (url === null) return err('it is no URL');
  if (url.username !== '' || url.password !== '' || text.slice(8).split(/[/?]/, 1)[0]?.includes('@') === true) {
    return err('it holds credentials');
  }
  if (/\/(?:\.|%2e){1,2}(?=[/?]|$)/i.test(text.slice(8))) return err('its path climbs with `.` or `..`');
  if (url.pathname === '/') return err('it has no path');
  if (url.href !== text)
    return err('it is not written as URLs are: a host in lower case, no usual port, no other spelling of an address');
  return ok(url);
}

/** Whether it is worth looking: every other `client_id` is a name of ours. */
export const looksLikeMetadataUrl = (clientId: string): boolean => /^https:/i.test(clientId);
