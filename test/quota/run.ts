/**
 * quota: whether limits hold. A thousand calls at once over two servers, and a hundred pass, no more and no less.
 *
 *   npm run quota -- [--short | --long] [--rounds N] [--require-all]
 *
 * Five rounds for each place where counts are kept, with `--long` fifty; then what must not loosen a limit: a
 * restart, a server that is killed while it holds permits, counters that stop and come back. Starts servers, a
 * PostgreSQL and a Redis of its own, and ends only those. Ends with `quota: N passed, N failed`.
 */
import { setTimeout as pause } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import { startPostgres } from '../postgres-server.ts';
import { redisMissing, startRedis, type TestRedis } from '../redis.ts';
import { Pair, QUOTA, type Outcome } from './pair.ts';

const CALLS = 1000;
/** Longer than a block of permits is held. */
const SETTLED_MS = 2500;

const { values } = parseArgs({
  options: {
    short: { type: 'boolean', default: false },
    long: { type: 'boolean', default: false },
    rounds: { type: 'string' },
    'require-all': { type: 'boolean', default: false },
  },
});
const rounds = values.rounds === undefined ? (values.long ? 50 : 5) : Number(values.rounds);
if (!Number.isInteger(rounds) || rounds < 1) {
  console.error(`\`--rounds ${values.rounds}\` is no number of rounds`);
  process.exit(2);
}

let passed = 0;
let failed = 0;

function judge(what: string, holds: boolean, seen: string, ms: number): void {
  if (holds) passed++;
  else failed++;
  console.log(
    `  ${holds ? 'ok  ' : 'FAIL'} ${what.padEnd(52)} ${seen.padEnd(34)} ${`${Math.round(ms)} ms`.padStart(9)}`,
  );
}

const seen = ({ passed: through, refused, others }: Outcome): string =>
  [`${through} passed, ${refused} refused`, ...others].join(', ');

async function timed<Value>(work: () => Promise<Value>): Promise<[Value, number]> {
  const started = performance.now();
  return [await work(), performance.now() - started];
}

async function exactly(pair: Pair): Promise<void> {
  for (let round = 1; round <= rounds; round++) {
    const key = await pair.caller();
    await pair.greet(key);
    const [outcome, ms] = await timed(() => pair.call(key, CALLS));
    const isExact = outcome.passed === QUOTA && outcome.refused === CALLS - QUOTA;
    judge(`${CALLS} calls at once over two servers, round ${round}`, isExact, seen(outcome), ms);
  }
}

async function shared(pair: Pair): Promise<void> {
  const key = await pair.caller();
  const [outcomes, ms] = await timed(async () => {
    const first = await pair.call(key, 1, [0]);
    let through = first.passed;
    for (let at = 0; at < QUOTA; at++) through += (await pair.call(key, 1, [1])).passed;
    return through;
  });
  judge('one call to the one, the others to the other', outcomes === QUOTA, `${outcomes} passed`, ms);
}

async function restarted(pair: Pair): Promise<void> {
  const key = await pair.caller();
  await pair.greet(key);
  const before = await pair.call(key, 60);
  await pair.end(0);
  await pair.begin(0);
  await pair.greet(key);
  const [after, ms] = await timed(() => pair.call(key, CALLS));
  const total = before.passed + after.passed;
  judge('a restart in the midst of a window', total === QUOTA, `${before.passed} + ${seen(after)}`, ms);
}

async function killed(pair: Pair): Promise<void> {
  const key = await pair.caller();
  await pair.greet(key);
  const before = await pair.call(key, 7, [0]);
  await pair.kill(0);
  await pause(SETTLED_MS);
  const [after, ms] = await timed(() => pair.call(key, CALLS, [1]));
  const total = before.passed + after.passed;
  // What it held when it died counts as used: an eighth of what was left at most.
  const holds = before.passed === 7 && total <= QUOTA && total >= QUOTA - QUOTA / 4;
  judge('killed while it held permits', holds, `${before.passed} + ${seen(after)}`, ms);
  await pair.begin(0);
}

async function away(pair: Pair, server: TestRedis): Promise<void> {
  const key = await pair.caller();
  const before = await pair.call(key, 20);
  await pause(SETTLED_MS);
  server.signal('SIGSTOP');
  const [during, ms] = await timed(() => pair.call(key, CALLS));
  judge(
    'counters that stop: each grants its share',
    before.passed + during.passed <= QUOTA,
    `${before.passed} + ${seen(during)}`,
    ms,
  );
  server.signal('SIGCONT');
  await pause(SETTLED_MS);
  const [after, afterMs] = await timed(() => pair.call(key, CALLS));
  const total = before.passed + during.passed + after.passed;
  judge('counters that come back: nothing granted twice', total <= QUOTA, `${total} in all`, afterMs);
  const another = await pair.caller();
  await pair.greet(another);
  const [fresh, freshMs] = await timed(() => pair.call(another, CALLS));
  judge('and exact again', fresh.passed === QUOTA, seen(fresh), freshMs);
}

for (const place of ['database', 'redis'] as const) {
  console.log(`\ncounted in ${place === 'redis' ? 'Redis' : 'PostgreSQL'}`);
  if (place === 'redis' && redisMissing !== undefined) {
    console.log(`  skipped: ${redisMissing}`);
    if (values['require-all']) failed++;
    continue;
  }
  const state = await startPostgres();
  const server = place === 'redis' ? await startRedis() : undefined;
  const counters =
    server === undefined ? '{ type: database }' : `{ type: redis, host: 127.0.0.1, port: ${server.port} }`;
  const pair = await Pair.start(state, counters);
  try {
    await exactly(pair);
    await shared(pair);
    await restarted(pair);
    await killed(pair);
    if (server !== undefined) await away(pair, server);
  } finally {
    await pair.close();
    await server?.stop();
    await state.stop();
  }
}

console.log(`\nquota: ${passed} passed, ${failed} failed`);
process.exit(failed === 0 ? 0 : 1);
