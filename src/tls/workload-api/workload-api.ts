import { parseWorkloadEndpoint } from '#contract';
import type { Clock, Logger } from '#kernel';
import { tlsError } from '../errors.ts';
import type { CertificateChain } from '../server/certificate-chain.ts';
import { TrustBundle } from '../trust/trust-bundle.ts';
import { readWorkloadMessage, type Svid, type WorkloadMaterial } from './material.ts';
import { keepStream, type StreamEnd } from './stream.ts';
import { workloadView, type WorkloadLive, type WorkloadNews, type WorkloadState } from './workload-view.ts';

/** Which of several identities; the first without either. */
export interface SvidChoice {
  readonly spiffeId?: string | undefined;
  readonly hint?: string | undefined;
}

/** What a SPIFFE Workload API gives this process, kept up to date. */
export interface WorkloadApi {
  /** The chosen identity; none while it is lost. `field` names who uses it. Throws `WORKLOAD_API_LACKS`. */
  certificate(field: string, choice?: SvidChoice): WorkloadLive<CertificateChain | undefined>;
  /** Who vouches for the workloads of one trust domain; nobody while that is lost. Throws `WORKLOAD_API_LACKS`. */
  bundle(field: string, trustDomain: string): WorkloadLive<TrustBundle>;
  close(): void;
}

export interface WorkloadApiOptions {
  /** `unix:///run/spire/sockets/agent.sock` or a loopback `tcp://127.0.0.1:8081`. */
  readonly endpoint: string;
  readonly clock: Clock;
  readonly log: Logger;
  /** How long the first message is waited for; an agent may start after us, or learn of us a little later. */
  readonly firstWithinMs?: number;
}

const FIRST_WITHIN_MS = 30_000;
const EVERY_MS = 1000;

/**
 * Connects, waits for the first message, and follows. A message that cannot be used keeps what is in use. What
 * is in use ends when the API says that there is no identity for us any more (SPIFFE_Workload_API §5.2.1), and
 * when the last identity has expired without news: from then on nobody is trusted and nothing is shown.
 *
 * Throws `WORKLOAD_API_UNAVAILABLE` with the last reason.
 */
export async function openWorkloadApi(options: WorkloadApiOptions): Promise<WorkloadApi> {
  const { endpoint: text, clock, log, firstWithinMs = FIRST_WITHIN_MS } = options;
  const endpoint = parseWorkloadEndpoint(text);
  if (!endpoint.ok) throw tlsError('WORKLOAD_API_UNAVAILABLE', `\`${text}\` is no Workload API: ${endpoint.error}`);
  const listeners = new Set<(news?: WorkloadNews) => void>();
  const first = Promise.withResolvers<void>();
  let material: WorkloadMaterial | undefined;
  let standing: Exclude<WorkloadState, 'lost'> = 'away';
  let last = 'it has not answered yet';
  let told: string | undefined;
  const where = `the Workload API \`${text}\``;

  const stream = keepStream({
    endpoint: endpoint.value,
    message(bytes) {
      try {
        material = readWorkloadMessage(bytes, clock.now());
      } catch (cause) {
        standing = 'refused';
        last = `a message of it is refused: ${messageOf(cause)}`;
        log.error({ event: 'tls.workload.refused', endpoint: text }, `${where}: ${last}; what it gave before goes on`);
        tell('refused');
        return;
      }
      standing = 'ok';
      told = undefined;
      const identities = material.svids.map(({ uri }) => uri);
      const bundles = [...material.bundles.keys()];
      log.info({ event: 'tls.workload.updated', endpoint: text, identities, bundles }, `${where} gave what it has now`);
      tell('applied');
      first.resolve();
    },
    ended(end) {
      standing = 'away';
      last = end.detail;
      tellEnd(end);
      if (end.kind === 'denied') material = undefined;
      if (end.kind === 'final') first.reject(unavailable());
      tell();
    },
  });

  /** Once for each reason, not for each attempt. */
  function tellEnd({ kind, detail }: StreamEnd): void {
    if (told === detail) return;
    told = detail;
    const consequence =
      kind === 'denied' ? 'what it gave before is no longer used' : 'what it gave before goes on until it expires';
    log.warn({ event: `tls.workload.${kind}`, endpoint: text }, `${where}: ${detail}; ${consequence}`);
  }

  function tell(news?: WorkloadNews): void {
    for (const listener of listeners) listener(news);
  }

  /** Told once, when the last of it has expired. */
  function judge(): void {
    const now = clock.now();
    if (material?.svids.every((one) => one.hasExpired(now)) === true) {
      material = undefined;
      log.error(
        { event: 'tls.workload.expired', endpoint: text },
        `${where}: all that it gave has expired, and ${last}; nothing of it is used any more`,
      );
    }
    tell();
  }

  const unavailable = () => tlsError('WORKLOAD_API_UNAVAILABLE', `${where}: ${last}`);
  const patience = setTimeout(() => first.reject(unavailable()), firstWithinMs);
  try {
    await first.promise;
  } catch (cause) {
    stream.close();
    throw cause;
  } finally {
    clearTimeout(patience);
  }
  const timer = setInterval(judge, EVERY_MS).unref();

  const follow = <Value>(
    field: string,
    pick: (from: WorkloadMaterial | undefined) => Value | undefined,
    none: Value,
  ): WorkloadLive<Value> =>
    workloadView({ field, pick: () => pick(material), none, standing: () => standing, judge, listeners, log });
  const lacks = (what: string, has: readonly string[]) =>
    tlsError('WORKLOAD_API_LACKS', `${where} gives no ${what}; it has ${has.map((one) => `\`${one}\``).join(', ')}`);
  return {
    certificate(field, choice = {}) {
      const pick = (from: WorkloadMaterial | undefined) => chosen(from?.svids ?? [], choice, clock.now())?.chain();
      if (material !== undefined && pick(material) === undefined)
        throw lacks(`identity ${choiceText(choice)} for \`${field}\``, material.svids.map(nameOf));
      return follow(field, pick, undefined);
    },
    bundle(field, trustDomain) {
      if (material !== undefined && !material.bundles.has(trustDomain))
        throw lacks(`bundle of \`${trustDomain}\` for \`${field}\``, [...material.bundles.keys()]);
      return follow(field, (from) => from?.bundles.get(trustDomain), TrustBundle.nobody);
    },
    close() {
      clearInterval(timer);
      stream.close();
    },
  };
}

/** Of several with one hint the first counts (§5.2.1); an identity that has expired does not. */
const chosen = (svids: readonly Svid[], { spiffeId, hint }: SvidChoice, now: number): Svid | undefined =>
  svids.find(
    (one) =>
      (spiffeId === undefined || one.uri === spiffeId) &&
      (hint === undefined || one.hint === hint) &&
      !one.hasExpired(now),
  );

const choiceText = ({ spiffeId, hint }: SvidChoice): string =>
  spiffeId !== undefined ? `\`${spiffeId}\`` : `with the hint \`${hint}\``;

const nameOf = ({ uri, hint }: Svid): string => (hint === '' ? uri : `${uri} (${hint})`);

const messageOf = (error: unknown): string => (error instanceof Error ? error.message : String(error));
