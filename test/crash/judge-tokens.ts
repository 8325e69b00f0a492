/**
 * Holds codes and tokens after a crash against what their clients were told: presents them at the doors, the newest
 * first, and then what was used up, which must end what it began. Whom that is tried on is gone afterwards.
 */
import { TokenEndpoint, tokensOf } from '../scripted-client.ts';
import type { Family, TokenJournal } from './token-journal.ts';
import { holds, none, type Verdict } from './trial.ts';

/** So many families are given up in each round: some to a code, some to a refresh token that comes back. */
const GIVEN_UP = 6;

export interface TokenFindings {
  /** Families whose newest refresh token or its access token does not count. */
  readonly lost: string[];
  /** Codes and refresh tokens that gave tokens a second time. */
  readonly twice: string[];
  /** Families that go on after something of theirs came back, or of which a half does. */
  readonly undead: string[];
}

/** Presents what there is to present; `refresh` and the rest go to the server at `url`. */
export async function findTokens(url: URL, journal: TokenJournal): Promise<TokenFindings> {
  const found: TokenFindings = { lost: [], twice: [], undead: [] };
  const endpoint = new TokenEndpoint(url);
  for (const family of journal.families) {
    const status = await callStatus(url, family.tokens.accessToken);
    if (status !== 200) found.lost.push(`${family.name}: its access token gets ${status}`);
    const reply = await endpoint.refresh(family.tokens.refreshToken);
    if (reply.status === 200) journal.refreshed(family, tokensOf(reply));
    else found.lost.push(`${family.name}: its newest refresh token gets ${reply.status} ${JSON.stringify(reply.body)}`);
  }
  for (const [at, family] of [...journal.families].slice(-GIVEN_UP).entries()) {
    const back = at % 2 === 0 ? await endpoint.redeem(family.code) : await endpoint.refresh(earlier(family));
    if (back.status === 200) found.twice.push(`${family.name}: its ${at % 2 === 0 ? 'code' : 'refresh token'}`);
    const access = await callStatus(url, family.tokens.accessToken);
    const next = await endpoint.refresh(family.tokens.refreshToken);
    if (access !== 401 || next.status !== 400)
      found.undead.push(`${family.name}: after a reuse access gets ${access}, refreshing ${next.status}`);
    journal.families.delete(family);
  }
  endpoint.close();
  return found;
}

/** A refresh token that was used up, of any time. */
const earlier = ({ spent }: Family): string => spent[Math.floor(Math.random() * spent.length)] as string;

async function callStatus(url: URL, token: string): Promise<number> {
  const response = await fetch(new URL('/mcp', url), {
    method: 'POST',
    headers: {
      ...{ Authorization: `Bearer ${token}`, 'Content-Type': 'application/json' },
      Accept: 'application/json, text/event-stream',
    },
    body: '{"jsonrpc":"2.0","id":1,"method":"tools/list","params":{}}',
  });
  await response.arrayBuffer();
  return response.status;
}

export function judgeTokens(journal: TokenJournal, found: TokenFindings, kills: number): readonly Verdict[] {
  const { accepted, refused } = journal.retried;
  return [
    // On a slow machine a life is over after a dozen acts.
    holds(
      `refreshed ${kills} times and redeemed ${Math.ceil(kills / 10)} at least`,
      journal.refreshes >= kills && journal.redemptions >= Math.ceil(kills / 10),
      `${journal.refreshes} and ${journal.redemptions}`,
    ),
    holds(
      'what had no answer came again',
      accepted + refused > 0,
      `${accepted} had not happened, ${refused} had, which ended their family`,
    ),
    none('answers that nothing explains', journal.wrong),
    none('acknowledged tokens lost', found.lost),
    none('codes and refresh tokens that gave tokens twice', found.twice),
    none('families both ended and going on', found.undead),
  ];
}
