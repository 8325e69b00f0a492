/** The snippet of `docs/approvals.md` is executed: a decider written by it is heard. */
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { expect, onTestFinished, test } from 'vitest';
import { silentLogger } from '#kernel';
import { loadAnswerDoor } from '#registry';
import { startDesk } from './approvals.fixture.ts';

const document = readFileSync(join(import.meta.dirname, '../../../../docs/approvals.md'), 'utf8');
const snippet = /^```js\n([\s\S]*?)^```$/m.exec(document)?.[1] ?? '';

type Decide = (
  server: string,
  approval: string,
  verdict: string,
  as: { readonly name: string; readonly secret: string },
) => Promise<Response>;

test.each(['a text of more than 24 characters', `whsec_${Buffer.from('as many bytes as that').toString('base64')}`])(
  'the decider of the document signs what counts, with %s',
  async (secret) => {
    const folder = mkdtempSync(join(tmpdir(), 'chatelaine-test-'));
    onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
    writeFileSync(join(folder, 'decide.mjs'), snippet);
    const { decide } = (await import(pathToFileURL(join(folder, 'decide.mjs')).href)) as { readonly decide: Decide };
    const deciders = [{ name: 'change-board', secret, approves: [''] }];
    const desk = await startDesk('sqlite', { settings: { deciders } });
    // The snippet signs by the clock of its machine.
    desk.clock.advance(Date.now() - desk.clock.now());
    const { approvals, identity, clock } = desk;
    const door = await loadAnswerDoor({ approvals, trail: identity.frame.trail, clock, log: silentLogger });
    const server = createServer((request, response) => {
      void door.handle(request, response, { requestId: 'r-1', address: undefined, headers: [] });
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    onTestFinished(() => void server.close());
    const claude = await desk.agent('claude');
    const { id } = await desk.claim(claude);
    const at = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
    const answered = await decide(at, id, 'approve', { name: 'change-board', secret });
    expect(await answered.json()).toEqual({ id, state: 'approved' });
    expect((await desk.claim(claude)).outcome).toBe('let through');
  },
);
