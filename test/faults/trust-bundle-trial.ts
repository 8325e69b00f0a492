/**
 * The authority of a trust domain changes through a Workload API while an owner exchanges tokens (R3): the next one is
 * added, vouches from then on, and the last one is removed. Nobody fails who is vouched for, and whoever only the last
 * one vouched for is soon refused, on connections that are open too.
 */
import { renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { ChatelaineError, reveal, Secret, silentLogger, systemClock } from '#kernel';
import { openExchangeClient, type ExchangeClient } from '#token-exchange';
import { bundleOf, domainAuthority, identity, issued } from '../workload-api.ts';
import { exchanging, OWNER, SERVER, TRUST_DOMAIN, type Exchanging } from './exchanging.ts';
import { judgeRemoval, judgeServed, type Answer, type Removal, type Sample } from './judge.ts';
import { SteadyLoad } from './load.ts';
import { OwnerConnections, serverSerial } from './owner-connections.ts';
import type { Trial } from './trial.ts';

const ROTATIONS = { short: 2, long: 10 } as const;
const EVERY_MS = { short: 2_000, long: 5_000 } as const;
const PER_SECOND = { client: 15, kept: 10, fresh: 5 } as const;
const REFUSED_MS = 60_000;
/** After the first refusal it goes on for so long: nobody comes in again. */
const AFTERWARDS_MS = 1_000;
const FOLLOWED_MS = 30_000;

type Authority = ReturnType<typeof domainAuthority>;

export const trustBundleTrial: Trial = {
  name: 'trust-bundle',
  async run({ short, progress }) {
    const size = short ? 'short' : 'long';
    const rotations = ROTATIONS[size];
    // One more than there are changes, since an owner trusts the next one too.
    const authorities = Array.from({ length: rotations + 2 }, () => domainAuthority(TRUST_DOMAIN));
    const of = (at: number): Authority => authorities[at] as Authority;
    return await exchanging(identity(of(0), SERVER), async (server, workloads, folder) => {
      const files = new OwnerFiles(folder);
      /** The owner by a certificate of that authority. */
      const ownerOf = (at: number): KeptOwner => {
        const shown = issued(of(at), OWNER);
        files.show(shown);
        return new KeptOwner(server, { ...shown, ca: [of(at).cert, of(at + 1).cert] });
      };
      files.trust(of(0));
      let owner = ownerOf(0);
      const client = await openExchangeClient({
        ...{ url: server.url, owner: 'travel/flights', serverSpiffeId: SERVER, field: 'exchange' },
        ...{ certificate: files.certificate, key: files.key, ca: files.bundle },
        ...{ clock: systemClock, log: silentLogger },
      });
      const through = new SteadyLoad(PER_SECOND.client, () => exchangeBy(client, server));
      const fresh = new SteadyLoad(PER_SECOND.fresh, () => owner.connections.once());
      const removals: Removal[] = [];
      for (let at = 0; at < rotations; at++) {
        progress(`${at} of ${rotations} changes`);
        const [last, next] = [of(at), of(at + 1)];
        const both = bundleOf(last, next);
        await pause(EVERY_MS[size]);
        workloads.give({ svids: [identity(last, SERVER, { bundle: both })] });
        files.trust(last, next);
        await client.look();
        await pause(EVERY_MS[size]);
        const svid = identity(next, SERVER, { bundle: both });
        workloads.give({ svids: [svid] });
        await shows(server, owner, svid.serial);
        const late = owner;
        owner = ownerOf(at + 1);
        await client.look();
        await pause(EVERY_MS[size]);
        const removedAt = performance.now();
        workloads.give({ svids: [{ ...svid, bundle: bundleOf(next) }] });
        files.trust(next);
        await client.look();
        removals.push({ removedAt, samples: await late.untilRefused(removedAt) });
      }
      await pause(EVERY_MS[size]);
      await Promise.all([fresh.stop(), through.stop(), owner.stop()]);
      await client.close();
      return [
        judgeServed(`exchanges by our client, during ${rotations} changes of the authority`, through.samples),
        judgeServed('exchanges over a connection each', fresh.samples),
        judgeServed('exchanges over connections that are kept', owner.samples),
        ...judgeRemoval('exchanges by a certificate of the last authority', removals, REFUSED_MS),
      ];
    });
  },
};

/** An owner by one certificate, that asks steadily over connections that it keeps. */
class KeptOwner {
  readonly connections: OwnerConnections;
  readonly #load: SteadyLoad;

  constructor(...given: ConstructorParameters<typeof OwnerConnections>) {
    this.connections = new OwnerConnections(...given);
    this.#load = new SteadyLoad(PER_SECOND.kept, () => this.connections.kept());
  }

  get samples(): readonly Sample[] {
    return this.#load.samples;
  }

  /** Goes on until it is refused, and a little longer; gives what came of all. */
  async untilRefused(removedAt: number): Promise<readonly Sample[]> {
    const isRefused = (): boolean => this.samples.some(({ at, status }) => at > removedAt && status !== 200);
    while (!isRefused() && performance.now() < removedAt + REFUSED_MS + AFTERWARDS_MS) await pause(20);
    await pause(AFTERWARDS_MS);
    await this.stop();
    return this.samples;
  }

  async stop(): Promise<void> {
    await this.#load.stop();
    this.connections.close();
  }
}

/** The files of an owner that runs our client, replaced as whoever fetches them for it does. */
class OwnerFiles {
  readonly certificate: string;
  readonly key: string;
  readonly bundle: string;

  constructor(folder: string) {
    this.certificate = join(folder, 'owner.crt');
    this.key = join(folder, 'owner.key');
    this.bundle = join(folder, 'bundle.pem');
  }

  show({ cert, key }: { readonly cert: string; readonly key: string }): void {
    replace(this.key, key);
    replace(this.certificate, cert);
  }

  trust(...authorities: readonly Authority[]): void {
    replace(this.bundle, authorities.map(({ cert }) => cert).join(''));
  }
}

function replace(file: string, text: string): void {
  writeFileSync(`${file}.new`, text, { mode: 0o600 });
  renameSync(`${file}.new`, file);
}

async function exchangeBy(client: ExchangeClient, { subjectToken, idp }: Exchanging): Promise<Answer> {
  const answer = (status: number, code?: string): Answer => ({ status, code, retryAfter: undefined, text: '' });
  const wish = { subjectToken: new Secret(subjectToken), owner: 'travel/flights', upstream: 'company' };
  try {
    const given = await client.upstreamToken(wish);
    if (!given.ok) return answer(0, given.error.reason);
    return idp.accessTokens.includes(reveal(given.value.accessToken)) ? answer(200) : answer(0, 'another token');
  } catch (error) {
    return answer(0, error instanceof ChatelaineError ? `${error.code} ${error.message}` : String(error));
  }
}

/** Waits until the server shows the certificate with that serial number. */
async function shows({ url }: Exchanging, { connections }: KeptOwner, serial: string): Promise<void> {
  const until = performance.now() + FOLLOWED_MS;
  for (;;) {
    const shown = await serverSerial(url, connections.tls);
    if (shown === serial) return;
    if (performance.now() > until) throw new Error(`the server shows ${shown}, and was given ${serial}`);
    await pause(50);
  }
}
