import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { expect, onTestFinished, test } from 'vitest';
import { findTokens, judgeTokens, type TokenFindings } from './judge-tokens.ts';
import { TokenJournal } from './token-journal.ts';

const nothing: TokenFindings = { lost: [], twice: [], undead: [] };

function journal(): TokenJournal {
  const made = new TokenJournal();
  for (let at = 0; at < 8; at++) {
    made.begin({ code: `c${at}`, verifier: 'v' }, { accessToken: `a${at}`, refreshToken: `r${at}` });
    for (const family of made.families) made.refreshed(family, { ...family.tokens, refreshToken: `r${at}-${at}` });
  }
  made.retried.accepted = 1;
  return made;
}

const failed = (made: TokenJournal, found: TokenFindings): readonly string[] =>
  judgeTokens(made, found, 2).flatMap(({ what, passed }) => (passed === false ? [what] : []));

test('a trial in which all holds passes, and one that did nothing does not', () => {
  expect(failed(journal(), nothing)).toEqual([]);
  expect(failed(new TokenJournal(), nothing)).toHaveLength(2);
});

test.each([
  ['lost', 'acknowledged tokens lost'],
  ['twice', 'codes and refresh tokens that gave tokens twice'],
  ['undead', 'families both ended and going on'],
] as const)('one that is %s is seen', (kind, what) => {
  expect(failed(journal(), { ...nothing, [kind]: ['family 1'] })).toEqual([what]);
});

test('an answer that nothing explains is seen', () => {
  const made = journal();
  made.wrong.push('a code: 500');
  expect(failed(made, nothing)).toEqual(['answers that nothing explains']);
});

/** A server that says the same to everything: tokens, or that there are none. */
async function server(status: number): Promise<URL> {
  const listener = createServer((request, response) => {
    request.resume();
    response.writeHead(status, { 'Content-Type': 'application/json' });
    response.end(
      JSON.stringify(status === 200 ? { access_token: 'a', refresh_token: 'r' } : { error: 'invalid_grant' }),
    );
  });
  await new Promise<void>((resolve) => listener.listen(0, '127.0.0.1', resolve));
  onTestFinished(() => void listener.close());
  return new URL(`http://127.0.0.1:${(listener.address() as AddressInfo).port}`);
}

test('a server that takes everything gives tokens twice and lets the dead go on; one that takes nothing has lost all', async () => {
  const generous = await findTokens(await server(200), journal());
  expect([generous.lost.length, generous.twice.length, generous.undead.length]).toEqual([0, 6, 6]);
  const forgetful = await findTokens(await server(400), journal());
  expect([forgetful.lost.length, forgetful.twice.length]).toEqual([16, 0]);
});
