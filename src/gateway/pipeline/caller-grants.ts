/** Accounts of callers at identity providers, and the way to one that is missing. */
import { ClientInterruption, type GrantSource, type Principal } from '#contract';
import { ChatelaineError } from '#kernel';
import { hash } from 'node:crypto';
import { contextOf } from './caller-face.ts';
import type { RunningCall } from './running-call.ts';

/** Who keeps tokens of callers, and where people link accounts. */
export interface CallerGrants {
  readonly source: GrantSource;
  /** In whose name they are asked, as `namespace/name`. */
  readonly owner: string;
  /** The page where exactly that person links their account at the upstream. */
  linkPage(account: AccountWish): Promise<URL>;
}

export interface AccountWish {
  readonly sub: string;
  readonly upstream: string;
  /** What the account has to be linked for, where that is more than the usual. */
  readonly scopes?: readonly string[] | undefined;
}

/**
 * The code of the error that a tool ends with where an account is not linked, or not for enough; `details` name the
 * `upstream`, and `scopes` where more than the usual is to be asked for.
 */
export const ACCOUNT_NOT_LINKED = 'ACCOUNT_NOT_LINKED';

/**
 * What becomes of a call that lacks an account of its caller's: the person at the client is asked to open the page
 * where they link it (MCP, URL mode of elicitation); where the client opens none, the error says where it is. There
 * is nothing secret in the address: what counts is who is signed in where it is opened.
 */
export async function leadToLink(
  error: ChatelaineError,
  call: RunningCall,
  grants: CallerGrants,
): Promise<ChatelaineError | ClientInterruption> {
  const upstream = error.details?.['upstream'];
  if (typeof upstream !== 'string') return error;
  const scopes = error.details?.['scopes'] as readonly string[] | undefined;
  const url = await grants.linkPage({ sub: subjectOf(call.principal), upstream, scopes });
  const message = `The tool \`${call.tool.name}\` needs your account at \`${upstream}\`. Connect it on the page, then call again.`;
  try {
    await call.openPage({ id: pageId(call.principal, upstream, scopes), url, message }, ACCOUNT_NOT_LINKED);
  } catch (interruption) {
    if (interruption instanceof ClientInterruption) return interruption;
    throw interruption;
  }
  const { code, status, remedy, message: why, cause } = error;
  return new ChatelaineError(code, { status, title: '', remedy }, `${why}; it is linked at ${url.href}`, {
    cause,
    details: { link: { upstream, url: url.href } },
  });
}

/** Who they are where they link it: of a token of an issuer elsewhere as that one calls them. */
function subjectOf({ sub, claims }: Principal): string {
  const theirs = claims?.['sub'];
  return typeof theirs === 'string' ? theirs : sub;
}

/** The same for every call that lacks the account: a client that has opened the page knows it again. */
const pageId = (principal: Principal, upstream: string, scopes: readonly string[] = []): string =>
  `link-${hash('sha256', JSON.stringify([contextOf(principal), upstream, ...scopes]), 'hex').slice(0, 32)}`;
