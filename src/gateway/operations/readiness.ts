/**
 * `/healthz`: the process answers. `/readyz`: it serves, and how each source is. A source that is down
 * does not make the server unready: its tools fail with a clear error, all others work, and taking the
 * whole replica out of rotation would turn one broken database into an outage of everything. A log that
 * cannot be written does: until it can, every call is refused. One that is damaged does not: what comes is
 * recorded, and whoever damaged it must not be able to stop the service as well. A listener that has lost what
 * the Workload API gave it does make the server unready: nobody gets in there, and elsewhere they may.
 */
import { DEFAULT_NAMESPACE } from '#contract';
import type { ServiceStanding } from '#resource-server';
import type { ServerTls, WorkloadState } from '#tls';
import type { NamespaceView, SourceState } from '#toolbox';
import type { Clock } from '#kernel';

type State = 'ok' | 'unreachable';

/** Who keeps tokens of callers elsewhere: it does not answer, or it or we are not who the other wants. */
export type ExchangeState = 'ok' | 'unreachable' | 'refused';

/** A source as it is told of: its state, and the secret of the vault that it lacks, by name. */
interface Standing {
  readonly state: State;
  readonly secret?: string;
}

export interface Readiness {
  readonly ready: boolean;
  readonly body: string;
}

const PROBE_MS = 2_000;
/** A source is asked at most this often, however often `/readyz` is. */
const FRESH_MS = 5_000;

export interface ReadinessProbe {
  read(): Promise<Readiness>;
}

export function readinessProbe(options: {
  views: () => Iterable<NamespaceView>;
  serving: () => boolean;
  tls?: readonly ServerTls[];
  /** How the issuers of tokens are; none by default. */
  authServices?: () => Promise<readonly ServiceStanding[]>;
  /** How who keeps tokens of callers elsewhere is; nobody does by default. */
  exchange?: (() => Promise<ExchangeState>) | undefined;
  recording: () => boolean;
  /** Whether something was met in the log that is not as it was written. */
  damaged: () => boolean;
  /** Whether a policy cannot be read; which one is nobody's business here. */
  policiesFaulty?: () => boolean;
  clock: Clock;
}): ReadinessProbe {
  // By source: a reload that keeps a source keeps what is known about it.
  const known = new WeakMap<SourceState, { at: number; standing: Promise<Standing> }>();

  async function ask(source: SourceState): Promise<Standing> {
    const probed = await source.probe(AbortSignal.timeout(PROBE_MS)).catch(() => undefined);
    if (probed?.ok === true) return { state: 'ok' };
    // Reasons may say more than everybody should know; the name of a secret opens nothing.
    const secret = probed?.error.secret;
    return { state: 'unreachable', ...(secret !== undefined && { secret }) };
  }

  function standingOf(source: SourceState): Promise<Standing> {
    const now = options.clock.now();
    const last = known.get(source);
    if (last !== undefined && now - last.at < FRESH_MS) return last.standing;
    const standing = ask(source);
    known.set(source, { at: now, standing });
    return standing;
  }

  let lastAsked: { readonly at: number; readonly standings: Promise<readonly ServiceStanding[]> } | undefined;
  function issuers(): Promise<readonly ServiceStanding[]> {
    const now = options.clock.now();
    if (lastAsked === undefined || now - lastAsked.at >= FRESH_MS) {
      lastAsked = { at: now, standings: options.authServices?.() ?? Promise.resolve([]) };
    }
    return lastAsked.standings;
  }

  let lastExchange: { readonly at: number; readonly state: Promise<ExchangeState> } | undefined;
  function exchange(): Promise<ExchangeState> | undefined {
    if (options.exchange === undefined) return undefined;
    const now = options.clock.now();
    if (lastExchange === undefined || now - lastExchange.at >= FRESH_MS)
      lastExchange = { at: now, state: options.exchange() };
    return lastExchange.state;
  }

  async function read(): Promise<Readiness> {
    const sources: Record<string, { type: string } & Standing> = {};
    // Nobody is asked who they are here, so other namespaces count, and are not named.
    const elsewhere = { ok: 0, unreachable: 0 };
    const asked: Promise<unknown>[] = [];
    for (const view of options.views()) {
      for (const source of view.sources) {
        const tell = (standing: Standing): void => {
          if (view.name === DEFAULT_NAMESPACE) sources[source.name] = { type: source.type, ...standing };
          else elsewhere[standing.state]++;
        };
        asked.push(standingOf(source).then(tell));
      }
    }
    // An issuer that is away stands in nobody's way but of those who come with its tokens.
    const services: Record<string, { state: State }> = {};
    const [standings, exchanged] = await Promise.all([issuers(), exchange(), ...asked]);
    for (const { namespace, name, state } of standings) {
      if (namespace === DEFAULT_NAMESPACE) services[name] = { state };
      else elsewhere[state]++;
    }
    const serving = options.serving();
    const recording = options.recording();
    const isShut = options.tls?.some((one) => one.workloadApi?.() === 'lost') === true;
    const ready = serving && recording && !isShut;
    const status = ready ? 'ready' : !serving ? 'ending' : recording ? 'without identity' : 'cannot record';
    const others = elsewhere.ok + elsewhere.unreachable > 0 ? { elsewhere } : {};
    const tls = options.tls?.length ? { tls: Object.fromEntries(options.tls.map(stateOfTls)) } : {};
    const authServices = Object.keys(services).length > 0 ? { authServices: services } : {};
    // Like an issuer: it is in the way of those alone whose tokens would be exchanged.
    const kept = exchanged === undefined ? {} : { exchange: { state: exchanged } };
    const record = options.damaged() ? { record: 'damaged' } : {};
    const policies = options.policiesFaulty?.() === true ? { policies: 'faulty' } : {};
    return {
      ready,
      body: JSON.stringify({ status, sources, ...authServices, ...kept, ...others, ...tls, ...record, ...policies }),
    };
  }

  return { read };
}

/** The certificate of a listener: anybody who shakes hands with it can see when it expires. */
const stateOfTls = (
  tls: ServerTls,
): [string, { expires: string; files: 'ok' | 'refused'; workloadApi?: WorkloadState }] => [
  tls.name,
  {
    expires: new Date(tls.notAfter()).toISOString(),
    files: tls.state(),
    ...(tls.workloadApi && { workloadApi: tls.workloadApi() }),
  },
];
