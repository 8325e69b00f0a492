import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { failed, passed, type Check } from './check.ts';

export const tests: Check = {
  name: 'tests',
  proves: 'the tests pass',
  async run(root) {
    // Minutes of work: its own words go straight to the reader.
    const vitest = spawn('vitest', ['run'], { cwd: root, stdio: 'inherit' });
    const [status] = (await once(vitest, 'close')) as [number | null];
    return status === 0 ? passed('see above') : failed('tests failed', ['their findings are above']);
  },
};
