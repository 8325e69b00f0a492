/**
 * Tokens of an upstream, exchanged by an owner over mutual TLS: each answer is on record before it leaves. First of all
 * a hundred ask at once for a token that is about to end, and the provider is asked once.
 */
import { cpuSeconds } from '../../test/process-costs.ts';
import { TokenExchanges, type ExchangeRun } from '../load/token-exchanges.ts';
import { spread } from '../measure/statistics.ts';
import { atLeast, atMost, goal, short, shortSpread, type Gate, type Goal } from '../report/gate.ts';
import { startExchanging, type Exchanging } from '../subjects/exchanging.ts';
import type { Findings, Scenario } from './scenario.ts';

const SESSIONS = 16;
const CONNECTIONS = 8;
const AT_ONCE = 100;
/** A floor: how many a second of the server's CPU time does, a quarter below what several runs showed. */
const LEAST_PER_CPU_SECOND = 400;
const WANTED_PER_SECOND = 300;
const WANTED_P99_MS = 40;
const WARM_UP_MS = 3000;
/** Of the provider's tokens: none of them ends during a run. */
const LIFE_SECONDS = 86_400;

interface Round extends ExchangeRun {
  readonly perSecond: number;
  readonly cpu: number;
}

export const exchange: Scenario = {
  name: 'exchange',
  async run({ folder, chatelaine, effort }): Promise<Findings> {
    const exchanging = await startExchanging({ folder, env: chatelaine.env });
    try {
      // The account is linked with a token of less than a minute, so the first exchange refreshes it.
      const subjectTokens = await exchanging.subjectTokens(SESSIONS);
      const refreshing = await refreshedOnce(exchanging, subjectTokens);
      const exchanges = new TokenExchanges(exchanging.door, subjectTokens, CONNECTIONS);
      try {
        await round(exchanging, exchanges, WARM_UP_MS);
        const rounds: Round[] = [];
        for (let at = 0; at < effort.rounds; at++) rounds.push(await round(exchanging, exchanges, effort.roundMs));
        return { tables: [tableOf(rounds)], gates: [...refreshing, ...gatesOf(rounds, exchanging)] };
      } finally {
        exchanges.close();
      }
    } finally {
      await exchanging.stop();
    }
  },
};

async function refreshedOnce({ door, idp, life }: Exchanging, subjectTokens: readonly string[]): Promise<Gate[]> {
  const asked = (): number => idp.requests.filter((one) => one === 'POST /token').length;
  const before = asked();
  life(LIFE_SECONDS);
  const exchanges = new TokenExchanges(door, subjectTokens, AT_ONCE);
  try {
    await exchanges.atOnce(AT_ONCE);
  } finally {
    exchanges.close();
  }
  const requests = asked() - before;
  return [
    {
      what: `exchange: requests to the provider by ${AT_ONCE} exchanges of a token that ends`,
      seen: `${requests}, of which ${idp.refreshes} refreshed it (1 wanted)`,
      passed: requests === 1 && idp.refreshes === 1,
    },
  ];
}

async function round({ pid }: Exchanging, exchanges: TokenExchanges, ms: number): Promise<Round> {
  const before = cpuSeconds(pid);
  const run = await exchanges.run(CONNECTIONS, AbortSignal.timeout(ms));
  const spent = cpuSeconds(pid) - before;
  return { ...run, perSecond: (run.exchanges / run.elapsedMs) * 1000, cpu: (spent / run.exchanges) * 1e6 };
}

const tableOf = (rounds: readonly Round[]) => ({
  title: `token exchange over mutual TLS, ${SESSIONS} sessions of one owner`,
  header: ['c', 'exchanges/s', 'CPU µs', 'p50 ms', 'p99 ms'],
  rows: [
    [
      ...[String(CONNECTIONS), shortSpread(spread(rounds.map(({ perSecond }) => perSecond)))],
      ...(['cpu', 'p50', 'p99'] as const).map((of) => short(spread(rounds.map((one) => one[of])).median)),
    ],
  ],
});

function gatesOf(rounds: readonly Round[], { idp }: Exchanging): (Gate | Goal)[] {
  const [newest] = idp.accessTokens.slice(-1);
  const isRight = rounds.every(({ tokens }) => tokens.size === 1 && tokens.has(newest ?? ''));
  // Other programs make an exchange dearer and never cheaper.
  const cheapest = spread(rounds.map((one) => one.cpu)).low;
  const perSecond = spread(rounds.map((one) => one.perSecond)).median;
  const p99 = spread(rounds.map((one) => one.p99)).median;
  return [
    {
      what: 'exchange: every answer is the newest token of the provider',
      seen: isRight ? 'yes' : 'no',
      passed: isRight,
    },
    atLeast('exchange: exchanges a second of CPU', 1e6 / cheapest, LEAST_PER_CPU_SECOND),
    goal(atLeast('exchange: exchanges a second', perSecond, WANTED_PER_SECOND)),
    goal(atMost('exchange: p99, ms', p99, WANTED_P99_MS)),
  ];
}
