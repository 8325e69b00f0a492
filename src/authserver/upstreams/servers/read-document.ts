import { parseStrictJson, type ChatelaineError } from '#kernel';
import { isLoopbackHost } from '#contract';
import { judgeUrl, type EgressClient, type EgressRules } from '#egress';
import { upstreamError } from '../errors.ts';
import { TIMEOUT_MS } from '../upstream-fetch.ts';

/** Of a metadata document. */
const LARGEST = 128 * 1024;
const HEADERS = { accept: 'application/json', 'user-agent': 'chatelaine' };

/** Whose documents are read, and by which way. */
export interface Reading {
  readonly client: Pick<EgressClient, 'request'>;
  readonly rules: EgressRules;
  /** Only of one on this machine may anything be read in the clear. */
  readonly server: URL;
}

export interface ReadDocument {
  readonly value: unknown;
  readonly headers: Readonly<Record<string, string>>;
}

/**
 * The JSON at the address; undefined where there is nothing (any 4xx). A redirect is followed within its origin alone:
 * whoever redirects a metadata document elsewhere would decide who the authorization server is.
 */
export async function readDocument(url: URL, what: string, { client }: Reading): Promise<ReadDocument | undefined> {
  const answer = await client.request({
    ...{ method: 'GET', url, headers: HEADERS, body: undefined, follow: 'own-origin' },
    ...{ signal: new AbortController().signal, timeoutMs: TIMEOUT_MS, maxBytes: LARGEST },
  });
  const { status } = answer;
  if (status >= 500 || status === 429)
    throw upstreamError('UPSTREAM_UNAVAILABLE', `${what} at \`${url.href}\` was answered with status ${status}`);
  if (status >= 400) return undefined;
  if (status !== 200) throw refused(what, url, `the status is ${status}`);
  if (answer.truncated) throw refused(what, url, 'it is larger than 128 KiB');
  const json = parseStrictJson(answer.body);
  if (!json.ok) throw refused(what, url, 'it is not JSON');
  return { value: json.value, headers: answer.headers };
}

/**
 * The URL that a document names, if a browser or we may go there: https, or http on this machine where the server is
 * there too; never a script, a file or a name and password (SUP-004). A literal address is judged here, a name when
 * it is resolved.
 */
export function checkUrl(written: string, field: string, { rules, server }: Pick<Reading, 'rules' | 'server'>): URL {
  const url = URL.parse(written);
  const isClear = url?.protocol === 'http:' && server.protocol === 'http:' && isLoopbackHost(url.hostname);
  if (url === null || (url.protocol !== 'https:' && !isClear)) throw fault(field, 'is no https URL');
  if (url.username !== '' || url.password !== '' || url.hash !== '')
    throw fault(field, 'has a user name, a password or a fragment');
  const judged = judgeUrl(rules, url);
  if (!judged.ok) throw fault(field, `leads where requests may not go: ${judged.error}`);
  return url;
}

const fault = (field: string, why: string): ChatelaineError =>
  upstreamError('UPSTREAM_METADATA_REFUSED', `${field} ${why}`);

/** Which document is wrong, and how. Nothing that it says is repeated. */
export const refused = (what: string, url: URL, why: string): ChatelaineError =>
  upstreamError('UPSTREAM_METADATA_REFUSED', `${what} at \`${url.href}\` is refused: ${why}`);
