/**
 * Where a redirect leads, decided without asking anyone. Redirects are the classic way around an
 * egress rule that looks at the first URL only, and the classic way to have credentials sent
 * to somebody else; here each hop is a new decision.
 */
import { err, ok, type Result } from '#kernel';

export interface Hop {
  readonly method: string;
  readonly url: URL;
  /** Lower-case names. */
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string | Uint8Array | undefined;
}

export const MAX_REDIRECTS = 5;

const REDIRECTS: ReadonlySet<number> = new Set([301, 302, 303, 307, 308]);
// All that another origin gets to see. Everything else may be a credential under a name of its own.
const HARMLESS: ReadonlySet<string> = new Set(['accept', 'accept-encoding', 'accept-language', 'user-agent']);
const OF_THE_BODY: ReadonlySet<string> = new Set([
  'content-type',
  'content-encoding',
  'content-language',
  'content-length',
]);

/**
 * The next request, or undefined when the answer is final (no redirect, or one without `Location`).
 * The error says why the redirect is not followed.
 */
export function nextHop(hop: Hop, status: number, location: string | undefined): Result<Hop | undefined, string> {
  if (!REDIRECTS.has(status) || location === undefined) return ok(undefined);
  const url = URL.parse(location, hop.url.href);
  if (url === null) return err('to something that is not a URL');
  if (url.protocol !== 'https:' && url.protocol !== 'http:') return err(`to the scheme \`${url.protocol}\``);
  // What was promised confidentiality would travel in the clear.
  if (hop.url.protocol === 'https:' && url.protocol === 'http:') return err('from https to http');
  if (url.username !== '' || url.password !== '') return err('to a URL with credentials in it');

  // RFC 9110 §15.4: 303 asks for a GET; 301 and 302 turn a POST into one, as every client does.
  const becomesGet =
    (status === 303 && hop.method !== 'HEAD') || ((status === 301 || status === 302) && hop.method === 'POST');
  const method = becomesGet ? 'GET' : hop.method;
  const body = becomesGet ? undefined : hop.body;
  const foreign = url.origin !== hop.url.origin;
  if (foreign && body !== undefined) return err(`to another origin (\`${url.origin}\`) together with the request body`);
  const headers = Object.fromEntries(
    Object.entries(hop.headers).filter(
      ([name]) => (!foreign || HARMLESS.has(name)) && (body !== undefined || !OF_THE_BODY.has(name)),
    ),
  );
  return ok({ method, url, headers, body });
}
