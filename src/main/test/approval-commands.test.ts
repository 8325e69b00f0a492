/** `chatelaine approval` as people run it, at a server and on a data directory. */
import { expect, test } from 'vitest';
import { buildProgram } from '#cli';
import { openLocalApi } from '../services/local-api.ts';
import { cliContext } from '../../../test/cli-context.ts';
import { agentKey, installation, person } from './approvals.fixture.ts';

const AMOUNT = { amount: 12, note: 'for\u202eMarch' };

async function started() {
  const { serve, clock, at } = await installation();
  const server = await serve();
  const [key, ann] = [await agentKey(server), await person(server, clock, 'ann')];
  const { id } = (await server.pay(key, AMOUNT)).body.approval ?? expect.fail('no number');
  /** What a command prints, or the code of its refusal. */
  const run = async (words: readonly string[], credential = ann.credential): Promise<string> => {
    const said: string[] = [];
    const env = { CHATELAINE_SERVER: server.url.origin, CHATELAINE_KEY: credential };
    const context = cliContext({ env, stdout: { write: (text: string) => void said.push(text) } });
    try {
      await (await buildProgram(context)).parseAsync(['approval', ...words], { from: 'user' });
    } catch (error) {
      return (error as { readonly code: string }).code;
    }
    return said.join('');
  };
  return { server, at, key, ann, id, run };
}

test('a person watches, looks, approves; the call is made', async () => {
  const { server, key, id, run } = await started();
  const watched = await run(['watch', '--times', '1']);
  expect(watched).toContain(id);
  expect(await run(['list', '--which', 'to-decide'])).toMatch(new RegExp(`${id} +pending +default/pay +agent claude`));
  const shown = await run(['show', id]);
  expect(shown).toContain('"amount": 12');
  // What would turn the text around on a terminal is shown by its number.
  expect(shown).toContain('for<U+202E>March');
  expect(shown).not.toContain('\u202e');
  expect(await run(['approve', id])).toBe(`The approval \`${id}\` is approved.\n`);
  expect((await server.pay(key, AMOUNT)).status).toBe(200);
});

test('and refuses, with a reason that the caller hears', async () => {
  const { server, key, id, run } = await started();
  expect(await run(['refuse', id, '--reason', 'not today', '--json'])).toBe(
    `${JSON.stringify({ id, state: 'refused', open: ['anybody'] })}\n`,
  );
  expect((await server.pay(key, AMOUNT)).body.error).toContain('not today');
});

test('a key takes back, and approves nothing', async () => {
  const { key, id, run } = await started();
  expect(await run(['approve', id], key)).toBe('FORBIDDEN');
  expect(await run(['cancel', id], key)).toBe(`The approval \`${id}\` is cancelled.\n`);
});

test('whoever has a shell on the data directory sees what waits, and approves nothing', async () => {
  const { server, at, key, id } = await started();
  const said: string[] = [];
  const context = cliContext({ stdout: { write: (text: string) => void said.push(text) } });
  const openApi = openLocalApi({ env: {}, clock: context.clock, version: 'test' });
  const run = async (...words: readonly string[]) =>
    (await buildProgram({ ...context, openApi })).parseAsync(['approval', ...words, '--data-dir', at.directory], {
      from: 'user',
    });
  await run('list');
  expect(said.join('')).toContain(id);
  await expect(run('approve', id)).rejects.toMatchObject({ code: 'APPROVAL_NEEDS_PERSON' });
  expect((await server.pay(key, AMOUNT)).status).toBe(403);
});
