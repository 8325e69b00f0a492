/**
 * `/healthz`: the process answers. `/readyz`: it serves, and how each source is. A source that is down
 * does not make the server unready: its tools fail with a clear error, all others work, and taking the
 * whole replica out of rotation would turn one broken database into an outage of everything.
 */
import type { NamespaceView, SourceState } from '#toolbox';
import type { Clock } from '#kernel';

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
  clock: Clock;
}): ReadinessProbe {
  // By source: a reload that keeps a source keeps what is known about it.
  const known = new WeakMap<SourceState, { at: number; state: Promise<string> }>();

  async function ask(source: SourceState): Promise<string> {
    const probed = await source.probe(AbortSignal.timeout(PROBE_MS));
    return probed.ok ? 'ok' : 'unreachable';
  }

  function stateOf(source: SourceState): Promise<string> {
    const now = options.clock.now();
    const last = known.get(source);
    if (last !== undefined && now - last.at < FRESH_MS) return last.state;
    const state = ask(source);
    known.set(source, { at: now, state });
    return state;
  }

  async function read(): Promise<Readiness> {
    const sources: Record<string, { type: string; state: string }> = {};
    const asked: Promise<void>[] = [];
    for (const view of options.views()) {
      for (const source of view.sources) {
        const name = view.name === 'default' ? source.name : `${view.name}/${source.name}`;
        asked.push(stateOf(source).then((state) => void (sources[name] = { type: source.type, state })));
      }
    }
    await Promise.all(asked);
    const ready = options.serving();
    return { ready, body: JSON.stringify({ status: ready ? 'ready' : 'ending', sources }) };
  }

  return { read };
}
