/** Protected resource metadata (RFC 9728): which authorization server the tokens for a server come from. */
import { z } from 'zod';
import { isScope } from '#contract';
import { checkUrl, readDocument, refused, type Reading } from './read-document.ts';

const WHAT = 'the protected resource metadata';

const schema = z.object({
  resource: z.string().min(1).max(2048),
  authorization_servers: z.array(z.string().min(1).max(2048)).min(1).max(20),
  scopes_supported: z.array(z.string()).max(200).optional(),
});

export interface ResourceMetadata {
  /** Letter by letter as it is published: so it stands in every request (RFC 8707 §2). */
  readonly resource: string;
  /** The issuer. Of several the first: whoever lists them prefers it. */
  readonly authorizationServer: string;
  readonly scopes: readonly string[] | undefined;
  readonly headers: Readonly<Record<string, string>>;
}

/**
 * The metadata of the server: where its challenge says, else with its path inserted, else at the root (RFC 9728 §3.1
 * and MCP authorization). What a challenge names must be there. Undefined for a server of before there was any.
 */
export async function readResourceMetadata(
  named: string | undefined,
  reading: Reading,
): Promise<ResourceMetadata | undefined> {
  const { server } = reading;
  if (named !== undefined) {
    const url = checkUrl(named, `\`resource_metadata\` in the challenge of \`${server.href}\``, reading);
    const read = await readDocument(url, WHAT, reading);
    if (read === undefined) throw refused(WHAT, url, 'it is not there, though the challenge of the server names it');
    return check(read.value, url, server, read.headers);
  }
  for (const url of wellKnown(server)) {
    const read = await readDocument(url, WHAT, reading);
    if (read !== undefined) return check(read.value, url, server, read.headers);
  }
  return undefined;
}

function wellKnown(server: URL): readonly URL[] {
  const root = new URL('/.well-known/oauth-protected-resource', server);
  if (server.pathname === '/') return [root];
  const inserted = new URL(`${root.pathname}${server.pathname.replace(/\/$/, '')}`, root);
  inserted.search = server.search;
  return [inserted, root];
}

function check(value: unknown, url: URL, server: URL, headers: Readonly<Record<string, string>>): ResourceMetadata {
  const parsed = schema.safeParse(value);
  if (!parsed.success) throw refused(WHAT, url, fieldsOf(parsed.error));
  const { resource, authorization_servers, scopes_supported } = parsed.data;
  // RFC 9728 §3.3: whoever publishes the metadata of another resource gets tokens that are good there.
  if (!covers(resource, server)) throw refused(WHAT, url, `its \`resource\` is another one than \`${server.href}\``);
  return {
    resource,
    authorizationServer: authorization_servers[0] as string,
    scopes: scopes_supported?.filter(isScope),
    headers,
  };
}

/** Whether the resource is the server, or one of its origin that the path of the server lies below. */
export function covers(resource: string, server: URL): boolean {
  const url = URL.parse(resource);
  if (url === null || url.origin !== server.origin || url.hash !== '' || url.username !== '') return false;
  if (url.search !== '' && url.search !== server.search) return false;
  const [above, below] = [url.pathname.replace(/\/$/, ''), server.pathname.replace(/\/$/, '')];
  return below === above || below.startsWith(`${above}/`);
}

export const fieldsOf = (error: z.ZodError): string =>
  `it lacks or garbles ${[...new Set(error.issues.map(({ path }) => `\`${path.slice(0, 1).join('')}\``))].slice(0, 5).join(', ')}`;
