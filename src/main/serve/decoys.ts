import type { CredentialRefusal, PeerFacts, Principal, ServerSettings, TokenVerifier } from '#contract';
import type { CallObserver, Metrics } from '#gateway';
import { err, type Clock, type Logger, type Result } from '#kernel';
import { loadAnomalies, type DecoyTouch, type DecoyWatch } from '#registry';
import type { Endings } from '../endings.ts';
import type { Services } from '../services/index.ts';
import type { LateNotices } from './late-notices.ts';

export interface Decoys {
  /** Sees calls of decoy tools, however they were refused. */
  readonly observer: CallObserver;
  /** The verifier of keys, to which a decoy is a key that nobody knows. */
  keys(verifier: TokenVerifier): TokenVerifier;
}

type Verdict = Result<Principal, CredentialRefusal>;

/** The traps of a server: the watch is loaded by the first who steps into one. */
export function decoys(parts: {
  readonly services: Pick<Services, 'database' | 'audit'>;
  readonly settings: Pick<ServerSettings, 'alerts'>;
  readonly notices: LateNotices;
  readonly metrics: Metrics | undefined;
  readonly clock: Clock;
  readonly log: Logger;
  readonly endings: Endings;
}): Decoys {
  const { services, settings, notices, metrics, clock, log, endings } = parts;
  const ids = new Set(settings.alerts.decoyKeys);
  let opening: Promise<DecoyWatch> | undefined;

  async function open(): Promise<DecoyWatch> {
    const { DecoyWatch } = await loadAnomalies();
    const { database, audit: trail } = services;
    const counted = (kind: string): void => metrics?.anomaly(kind);
    const watch = new DecoyWatch({ database, trail, raised: notices.kick, counted, clock, log });
    endings.add('touched decoys', () => watch.close());
    return watch;
  }

  function touched(touch: DecoyTouch): void {
    opening ??= open();
    opening.then(
      (watch) => watch.touched(touch),
      (error: unknown) => log.error({ err: error, decoy: touch.what, name: touch.name }, 'a decoy was touched'),
    );
  }

  function trapped(verdict: Verdict, peer: PeerFacts | undefined): Verdict {
    if (!verdict.ok || verdict.value.via.method !== 'api-key') return verdict;
    const { keyId } = verdict.value.via;
    if (!ids.has(keyId)) return verdict;
    const { namespace } = verdict.value;
    touched({
      what: 'key',
      name: keyId,
      namespace,
      principal: verdict.value,
      address: peer?.address,
      userAgent: undefined,
    });
    // As of a key that nobody has made: whoever found it does not learn what it was.
    return err({ reason: 'unknown', detail: `key ${keyId}` });
  }

  return {
    observer: {
      called({ request }) {
        const tool = request.view.tools.get(request.name);
        if (tool?.entry.decoy !== true) return;
        const { principal, peer } = request;
        const { address, userAgent } = peer;
        touched({ what: 'tool', name: tool.name, namespace: tool.namespace, principal, address, userAgent });
      },
    },
    keys(verifier) {
      if (ids.size === 0) return verifier;
      return {
        verify(credential, peer) {
          const verdict = verifier.verify(credential, peer);
          return verdict instanceof Promise ? verdict.then((known) => trapped(known, peer)) : trapped(verdict, peer);
        },
      };
    },
  };
}
