import type { ExchangeSettings } from '#contract';
import type { CallerGrants, ExchangeState, Metrics } from '#gateway';
import { ChatelaineError, reveal, type Clock, type Logger } from '#kernel';
import { CachedGrants, openExchangeClient, type ExchangeClient } from '#token-exchange';
import type { Endings } from '../endings.ts';
import type { WorkloadApis } from '../services/index.ts';

/** Tokens of callers that an authorization server elsewhere keeps. */
export interface ExchangedGrants {
  readonly grants: CallerGrants;
  /** Whose fault it would be that there are none; never rejects. */
  readonly state: () => Promise<ExchangeState>;
}

/** Throws `CERTIFICATE_UNUSABLE` and `TRUST_UNUSABLE`, and what a Workload API answers. Nobody is asked before the first call that needs a token. */
export async function exchangedGrants(parts: {
  readonly settings: ExchangeSettings;
  readonly workloads: WorkloadApis;
  readonly metrics: Metrics | undefined;
  readonly clock: Clock;
  readonly log: Logger;
  readonly endings: Endings;
}): Promise<ExchangedGrants> {
  const { settings, workloads, metrics, clock, log, endings } = parts;
  const { url, owner, certificate, key, ca, workloadApi, serverSpiffeId, issuer } = settings;
  const field = 'exchange';
  const client = await openExchangeClient({
    ...{ url: new URL(url), owner, certificate, key: key && reveal(key), ca, serverSpiffeId, field, clock, log },
    workload: workloadApi && (await workloads.open(field, workloadApi)),
  });
  endings.add('exchange', () => client.close());
  const asking = new AskedClient(client, { counted: (outcome) => metrics?.grantAsked(outcome), clock, log });
  const kept = new CachedGrants({ source: asking, clock, recalled: () => metrics?.grantAsked('kept') });
  return {
    grants: {
      source: kept,
      owner,
      // Where the issuer is, its pages are: an authorization server of ours has both under one origin.
      linkPage: async (account) => (await import('#authserver')).linkUrl(new URL(issuer), { ...account, owner }),
    },
    state: async () => stateOf((await client.probe()) ?? asking.unwanted(), client),
  };
}

/** What the authorization server does when it is the certificate that it does not want. */
const UNWANTED: ReadonlySet<string> = new Set(['EXCHANGE_NOT_ADMITTED', 'EXCHANGE_CUT_OFF', 'EXCHANGE_UNTRUSTED']);

function stateOf(fault: ChatelaineError | undefined, client: ExchangeClient): ExchangeState {
  if (client.state() === 'refused') return 'refused';
  if (fault === undefined) return 'ok';
  return UNWANTED.has(fault.code) ? 'refused' : 'unreachable';
}

/** What a handshake does not show counts for so long, or until an exchange is answered. */
const UNWANTED_MS = 60_000;

interface AskedAround {
  readonly counted: (outcome: string) => void;
  readonly clock: Clock;
  readonly log: Logger;
}

/** Counts and tells of what becomes of exchanges, and remembers how the last one failed. */
class AskedClient implements Pick<ExchangeClient, 'upstreamToken'> {
  readonly #client: ExchangeClient;
  readonly #around: AskedAround;
  #fault: { readonly error: ChatelaineError; readonly at: number } | undefined;

  constructor(client: ExchangeClient, around: AskedAround) {
    this.#client = client;
    this.#around = around;
  }

  /** Why the last exchange had no answer, if the other side did not want us. */
  unwanted(): ChatelaineError | undefined {
    const fault = this.#fault;
    if (fault === undefined || this.#around.clock.now() - fault.at > UNWANTED_MS) return undefined;
    return UNWANTED.has(fault.error.code) ? fault.error : undefined;
  }

  async upstreamToken(...asked: Parameters<ExchangeClient['upstreamToken']>) {
    const { counted, clock, log } = this.#around;
    try {
      const answer = await this.#client.upstreamToken(...asked);
      this.#fault = undefined;
      counted(answer.ok ? 'ok' : answer.error.reason);
      return answer;
    } catch (error) {
      if (error instanceof ChatelaineError) this.#fault = { error, at: clock.now() };
      counted(error instanceof ChatelaineError ? error.code : 'INTERNAL');
      const [{ upstream }] = asked;
      log.error({ event: 'exchange.failed', err: error, upstream }, 'no token of a caller could be had by exchange');
      throw error;
    }
  }
}
