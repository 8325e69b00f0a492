import { CONNECTIONS } from '../pages/connections-page.ts';
import { readScopes } from './account-scopes.ts';

/** Where a program sends a person whose account at an upstream it needs. */
export const LINK = `${CONNECTIONS}/link`;

/** Whose account is to be linked, for whom and where. */
export interface AccountLink {
  /** `sub` of the token that was presented: whoever else follows the link is turned away. */
  readonly sub: string;
  readonly owner: string;
  readonly upstream: string;
  /** What is to be asked for there, where it is more than the usual (MCP authorization, step-up). */
  readonly scopes?: readonly string[] | undefined;
}

/**
 * The address of a page where exactly that person links their account (MCP, URL mode of elicitation). There is
 * nothing secret in it and it ends nothing: what counts is who is signed in when it is opened, that they allowed it,
 * and that they say so once more.
 */
export function linkUrl(publicUrl: URL, { owner, upstream, sub, scopes }: AccountLink): URL {
  const url = new URL(LINK, publicUrl);
  url.search = new URLSearchParams({ owner, upstream, sub, ...(scopes && { scope: scopes.join(' ') }) }).toString();
  return url;
}

/** What such an address asks for; undefined for one that lacks something. */
export function readLink(query: URLSearchParams): AccountLink | undefined {
  const [owner, upstream, sub] = ['owner', 'upstream', 'sub'].map((name) => query.getAll(name));
  if (owner?.length !== 1 || upstream?.length !== 1 || sub?.length !== 1) return undefined;
  const scopes = readScopes(query);
  return { owner: owner[0] as string, upstream: upstream[0] as string, sub: sub[0] as string, scopes };
}
