/**
 * Comes into a server's process before anything else (`NODE_OPTIONS=--import`), for what no production switch is there
 * for: a wall clock that jumps, and a collection of all garbage.
 *
 * `FAULTS_CLOCK` names a file with milliseconds to add to the wall clock; it is read again all the time. SIGUSR2
 * collects garbage.
 */
import { readFileSync } from 'node:fs';
import { setFlagsFromString } from 'node:v8';
import { isMainThread } from 'node:worker_threads';
import { runInNewContext } from 'node:vm';

const file = process.env.FAULTS_CLOCK;
if (file !== undefined) {
  const RealDate = Date;
  let offset = 0;
  const read = () => {
    try {
      offset = Number(readFileSync(file, 'utf8')) || 0;
    } catch {
      // Not there yet: the clock is right.
    }
  };
  read();
  setInterval(read, 50).unref();
  globalThis.Date = class Date extends RealDate {
    constructor(...given) {
      if (given.length === 0) super(RealDate.now() + offset);
      else super(...given);
    }
    static now() {
      return RealDate.now() + offset;
    }
  };
}

if (isMainThread) {
  setFlagsFromString('--expose-gc');
  const collect = runInNewContext('gc');
  process.on('SIGUSR2', () => {
    collect();
    collect();
  });
}
