/** Clients that redeem codes and refresh at a running server until it is gone, and come again when it is back. */
import type { Browser } from '../browser.ts';
import { obtainCode, TokenEndpoint, tokensOf, type HeldCode, type TokenReply } from '../scripted-client.ts';
import type { Family, TokenJournal } from './token-journal.ts';

const REFRESHING = 6;
const REDEEMING = 2;
/** With so many sign-ins the next code is not asked for. */
const MOST_FAMILIES = 60;

/** Where tokens are asked for. */
export interface TokenPlace {
  readonly url: URL;
  readonly resource: string;
  readonly scope: string;
  readonly browser: Browser;
}

/** One sign-in, where nothing disturbs it. */
export async function beginOne(place: TokenPlace, journal: TokenJournal): Promise<void> {
  const endpoint = new TokenEndpoint(place.url);
  const code = await obtainCode(place.browser, place);
  journal.begin(code, tokensOf(await endpoint.redeem(code)));
  endpoint.close();
}

/** Works until the server no longer answers. */
export async function useTokensUntilGone(place: TokenPlace, journal: TokenJournal): Promise<void> {
  const endpoint = new TokenEndpoint(place.url);
  const idle = [...journal.families];
  const refreshing = async (): Promise<void> => {
    for (;;) {
      const family = idle.shift();
      if (family === undefined) return;
      if (!(await refreshOnce(endpoint, family, journal))) return;
      idle.push(family);
    }
  };
  const redeeming = async (): Promise<void> => {
    while (journal.families.size < MOST_FAMILIES) {
      const code = await obtainCode(place.browser, place).catch(unlessGone);
      if (code === undefined || !(await redeemOnce(endpoint, code, journal))) return;
    }
  };
  await Promise.all([
    ...Array.from({ length: REFRESHING }, refreshing),
    ...Array.from({ length: REDEEMING }, redeeming),
  ]);
  endpoint.close();
}

/** Presents again what had no answer, as a client does that knows no better. */
export async function comeAgain({ url }: Pick<TokenPlace, 'url'>, journal: TokenJournal): Promise<void> {
  const endpoint = new TokenEndpoint(url);
  for (const family of [...journal.families]) {
    if (!family.unanswered) continue;
    const { status, body } = await endpoint.refresh(family.tokens.refreshToken);
    if (status === 200) {
      journal.retried.accepted++;
      journal.refreshed(family, tokensOf({ status, body }));
    } else {
      if (body['error'] === 'invalid_grant') journal.retried.refused++;
      else journal.wrong.push(`a refresh that came again: ${status} ${JSON.stringify(body)}`);
      journal.families.delete(family);
    }
  }
  for (const code of journal.unansweredCodes) {
    const { status, body } = await endpoint.redeem(code);
    if (status === 200) {
      journal.retried.accepted++;
      journal.begin(code, tokensOf({ status, body }));
    } else if (body['error'] === 'invalid_grant') journal.retried.refused++;
    else journal.wrong.push(`a code that came again: ${status} ${JSON.stringify(body)}`);
  }
  journal.unansweredCodes.clear();
  endpoint.close();
}

/** False once the server is gone. */
async function refreshOnce(endpoint: TokenEndpoint, family: Family, journal: TokenJournal): Promise<boolean> {
  const reply = await endpoint.refresh(family.tokens.refreshToken).catch(() => undefined);
  if (reply === undefined) {
    family.unanswered = true;
    return false;
  }
  if (reply.status === 200) journal.refreshed(family, tokensOf(reply));
  else refused('a refresh token in use', reply, journal);
  return true;
}

async function redeemOnce(endpoint: TokenEndpoint, code: HeldCode, journal: TokenJournal): Promise<boolean> {
  const reply = await endpoint.redeem(code).catch(() => undefined);
  if (reply === undefined) {
    journal.unansweredCodes.add(code);
    return false;
  }
  if (reply.status === 200) journal.begin(code, tokensOf(reply));
  else refused('a code', reply, journal);
  return true;
}

/** A connection that breaks is the end of a life; whatever else goes wrong with a code is a finding. */
function unlessGone(error: unknown): undefined {
  if (!(error instanceof TypeError)) throw error;
}

/** `temporarily_unavailable` says that nothing happened, and the same is asked again. */
function refused(what: string, { status, body }: TokenReply, journal: TokenJournal): void {
  if (status !== 503) journal.wrong.push(`${what}: ${status} ${JSON.stringify(body)}`);
}
