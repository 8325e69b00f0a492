import fc from 'fast-check';
import { decodeJwt } from 'jose';
import { expect, test, vi } from 'vitest';
import { dialects } from '../../../test/databases.ts';
import { startAuthorizationServer } from './authorization-server.fixture.ts';
import { ask } from './code-flow.fixture.ts';
import { BOTH, startDelegation } from './delegation.fixture.ts';
import { clientAssertion, exchangeOf, personsTokens, proved } from './grant-types.fixture.ts';

/** What somebody may do next with what there is: trade a token for another, with a new assertion or an old one. */
const step = fc.record({
  at: fc.constantFrom(0 as const, 1 as const),
  client: fc.constantFrom('worker', 'worker-2', 'helper', 'reader', 'stranger'),
  /** Which token, counted from the newest. */
  from: fc.nat(3),
  /** Of the assertions that there were, counted from the newest; 0 is a new one. */
  assertion: fc.nat(2),
  scope: fc.constantFrom(undefined, 'read:flights', 'write:flights', BOTH.scope),
  part: fc.boolean(),
});

interface Token {
  readonly text: string;
  readonly scopes: ReadonlySet<string>;
  readonly aud: string;
  readonly exp: number;
}

const tokenOf = (text: string): Token => {
  const { aud, exp, scope } = decodeJwt(text);
  const scopes = new Set(((scope as string | undefined) ?? '').split(' ').filter((one) => one !== ''));
  return { text, aud: aud as string, exp: exp as number, scopes };
};

test.each(dialects)(
  'on %s, whoever trades what at which process: an assertion works once, no token is for more than the one it comes from, and all end with the session',
  async (dialect) => {
    const { process, key, clients } = await startDelegation(dialect);
    const other = await startAuthorizationServer(dialect, process, clients);
    const at = [process, { ...other, url: other.own }] as const;
    await fc.assert(
      fc.asyncProperty(fc.array(step, { minLength: 2, maxLength: 8 }), async (steps) => {
        const { id, access } = await personsTokens(process, 'alice', BOTH);
        const tokens = [tokenOf(access)];
        const assertions: { readonly text: string; readonly client: string }[] = [];
        for (const { at: where, client, from, assertion, scope, part } of steps) {
          const source = tokens.at(-1 - (from % tokens.length)) as Token;
          const old = assertion === 0 ? undefined : assertions.at(-assertion);
          const used = old ?? { text: await clientAssertion(process, client, key), client };
          const { status, body } = await ask(at[where], '/oauth/token', {
            ...exchangeOf(source.text, {
              ...(scope !== undefined && { scope }),
              ...(part && { resource: `${process.resource}/flights` }),
            }),
            ...proved(used.text),
          });
          if (old !== undefined) {
            expect([status, body['error']]).toEqual([401, 'invalid_client']);
            continue;
          }
          assertions.push(used);
          expect(status).not.toBe(401);
          if (status !== 200) continue;
          const token = tokenOf(body['access_token'] as string);
          expect([...token.scopes].filter((one) => !source.scopes.has(one))).toEqual([]);
          expect(token.exp).toBeLessThanOrEqual(source.exp);
          expect([source.aud, `${source.aud}/flights`]).toContain(token.aud);
          expect(client).not.toBe('stranger');
          expect((await at[where].server.verifier.verify(token.text)).ok).toBe(true);
          tokens.push(token);
        }
        await process.server.sessions.end({ userId: id }, 'by the user');
        const ended = async () => {
          for (const { server } of at)
            for (const { text } of tokens) expect((await server.verifier.verify(text)).ok).toBe(false);
        };
        await vi.waitFor(ended, { timeout: 5000, interval: 50 });
        const { status } = await ask(at[1], '/oauth/token', {
          ...exchangeOf((tokens.at(-1) as Token).text),
          ...proved(await clientAssertion(process, 'worker', key)),
        });
        expect(status).toBe(400);
      }),
      { numRuns: dialect === 'sqlite' ? 20 : 10 },
    );
  },
  240_000,
);
