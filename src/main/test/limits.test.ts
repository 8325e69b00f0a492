/** Limits by the API and the command line, beside those of the configuration. */
import { expect, onTestFinished, test } from 'vitest';
import { CITIES, makeKey, run, start, workspace } from './server.fixture.ts';

const LIMIT = `${CITIES}---
kind: limit
name: declared
per: principal
limits: 5 calls per 3650d
`;

test(
  'a limit made on the command line holds within a second, is shown with what is used, and survives a restart',
  { timeout: 120_000 },
  async () => {
    const at = workspace();
    onTestFinished(() => at.remove());
    const config = at.write('tools.yaml', LIMIT);
    const args = ['--config', config, '--data-dir', at.dataDir];
    let server = await start(args, { cwd: at.folder });
    onTestFinished(async () => void (await server.stop()));
    const { key } = await makeKey(at.dataDir);
    const call = async (): Promise<number> => {
      const answer = await fetch(`${server.url}/api/tool/city/invoke`, {
        method: 'POST',
        headers: { Authorization: `Bearer ${key}`, 'Content-Type': 'application/json' },
        body: '{"id": 1}',
      });
      return answer.status;
    };
    expect([await call(), await call()]).toEqual([200, 200]);
    const cli = (...words: string[]) => run(['limit', ...words, '--data-dir', at.dataDir]);
    const put = await cli('put', 'city', '3 calls per 3650d', '--per', 'principal', 'tool', '--tool', 'city');
    expect([put.stderr, put.stdout]).toEqual([
      '',
      'The limit `default/city` is 3 calls per 87600 h, for each principal and tool.\n',
    ]);
    // Whoever called before is not counted at a limit that was not there.
    await expect.poll(call, { timeout: 5000, interval: 300 }).toBe(429);
    const shown = JSON.parse((await cli('show', 'city', '--json')).stdout) as {
      used: { taken: number; whose: string }[];
    };
    expect(shown.used).toEqual([
      expect.objectContaining({ taken: 3, whose: expect.stringMatching(/^agent:\w+\+tool:default\/city$/) }),
    ]);
    await server.stop();
    server = await start(args, { cwd: at.folder });
    expect(await call()).toBe(429);
    expect((await cli('delete', 'city')).stdout).toBe('The limit `city` is gone.\n');
    // Five of the configuration's are used: two before, three since.
    await expect.poll(call, { timeout: 5000, interval: 300 }).toBe(429);
    expect((await cli('list')).stdout).toBe('There is no limit yet.\n');
    expect((await cli('show', 'city')).stderr).toContain('LIMIT_UNKNOWN');
    expect((await cli('put', 'bad', '5 apples per 1h')).stderr).toContain('`5 apples per 1h` is not a limit such as');
  },
);
