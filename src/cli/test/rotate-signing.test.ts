import { join } from 'node:path';
import { expect, test } from 'vitest';
import { runHere, temporaryDirectory } from './cli.fixture.ts';

interface Answer {
  readonly step: string;
  readonly keys: readonly { readonly kid: string; readonly state: string; readonly algorithm: string }[];
  readonly next: { readonly step: string; readonly due: boolean } | null;
}

async function rotation(directory: string, ...words: readonly string[]) {
  const ran = await runHere(['key', 'rotate-signing', ...words, '--data-dir', directory, '--json']);
  return { ...ran, answer: (ran.code === 0 ? JSON.parse(ran.stdout) : undefined) as Answer | undefined };
}

async function dataDirectory(): Promise<string> {
  const directory = join(temporaryDirectory(), 'data');
  await runHere(['key', 'create', '--agent', 'claude', '--data-dir', directory]);
  return directory;
}

test('rotate-signing does the step that is due, and says when the next one is', async () => {
  const directory = await dataDirectory();
  const first = await rotation(directory, '--algorithm', 'EdDSA');
  expect(first.answer).toMatchObject({
    step: 'prepare',
    keys: [{ state: 'prepared', algorithm: 'EdDSA' }],
    next: { step: 'activate', due: false },
  });
  const early = await rotation(directory);
  expect(early.answer).toMatchObject({ step: 'none', next: { step: 'activate', due: false } });
  const told = await runHere(['key', 'rotate-signing', '--data-dir', directory]);
  expect(told.stdout).toMatch(/^Nothing is due yet\.\nNext: activate, from 20\d\d-/);
});

test('each step by its name; what is too early is refused with the wait, unless it is said to be meant', async () => {
  const directory = await dataDirectory();
  await rotation(directory, 'prepare');
  expect((await rotation(directory, 'prepare')).stderr).toMatch(/SIGNING_KEY_PREPARED|is prepared/);
  const refused = await rotation(directory, 'activate');
  expect(refused.code).toBe(1);
  expect(refused.stderr).toMatch(/can be activated in .*others hold a copy of the key set/s);
  expect((await rotation(directory, 'activate', '--now')).answer).toMatchObject({
    step: 'activate',
    keys: [{ state: 'active' }],
  });
  expect((await rotation(directory, 'retire')).stderr).toMatch(/signs, and there is no other/);
  await rotation(directory, 'prepare', '--algorithm', 'RS256');
  await rotation(directory, 'activate', '--now');
  expect((await rotation(directory, 'retire')).answer).toMatchObject({ step: 'retire', keys: [{ state: 'retired' }] });
  const { answer } = await rotation(directory, 'status');
  expect(answer?.keys.map(({ state, algorithm }) => `${algorithm} ${state}`)).toEqual([
    'ES256 retired',
    'RS256 active',
  ]);
  const shown = await runHere(['key', 'rotate-signing', 'status', '--data-dir', directory]);
  expect(shown.stdout).toMatch(/KID +ALGORITHM +STATE/);
});

test('an algorithm that there is not is refused before anything is made', async () => {
  const directory = await dataDirectory();
  expect((await rotation(directory, 'prepare', '--algorithm', 'HS256')).code).toBe(2);
  expect((await rotation(directory, 'status')).answer?.keys).toEqual([]);
});
