/**
 * siblings: what one process of an installation holds in its memory, the others pass requests on to.
 *
 * Owns who else serves (`directory.ts`, a table on PostgreSQL), what one process vouches for to another and
 * nothing more (`voucher.ts`: address, listener and certificate of the client's connection), the way there and
 * back as bytes (`passage.ts`), which requests belong to the session of another (`session-door.ts`), and handing any
 * request to any of them (`siblings.ts`). Does not own who is calling: the one that
 * is forwarded to authenticates by the credential of the request, as for its own clients. A request is forwarded
 * once: what comes forwarded is answered here.
 *
 * On SQLite there is one process and nothing of this is loaded.
 */
import { PassingClient, type EgressTls } from '#egress';
import type { Database } from '#db';
import { randomToken, type Clock, type Logger } from '#kernel';
import { ReplicaDirectory } from './directory.ts';
import { Siblings, type ForwardingOutcome } from './siblings.ts';
import { Voucher } from './voucher.ts';

export type { Siblings, Forwarded, ForwardingOutcome } from './siblings.ts';
export type { Witnessed } from './voucher.ts';

export interface SiblingsOptions {
  readonly database: Database;
  /** 32 bytes that the processes of the installation share, and nobody else has. */
  readonly key: Buffer;
  /** The origin at which this process is reached by its siblings; undefined where nobody said. */
  readonly address: string | undefined;
  readonly refuseAddress: (address: string) => string | undefined;
  /** How siblings prove themselves, for addresses with `https`. */
  readonly tls: () => EgressTls;
  readonly clock: Clock;
  readonly log: Logger;
  readonly count?: (outcome: ForwardingOutcome) => void;
  /** How often it is said that this process is there, in milliseconds. */
  readonly beatMs?: number;
}

const CONNECT_TIMEOUT_MS = 5_000;
/** The network of an installation is its own; the service that hands out the machine's credentials is nobody's sibling. */
const RULES = { allowed: [], blocked: [], allowPrivateNetworks: true };

/** The siblings of this process, which begins to be one with `join`. */
export function openSiblings(options: SiblingsOptions): Siblings {
  const { database, key, address, refuseAddress, tls, clock, log, count, beatMs } = options;
  const self = randomToken(9);
  return new Siblings({
    self,
    directory: new ReplicaDirectory({
      ...{ database, key, refuseAddress, clock, log, self: { id: self, address } },
      ...(beatMs !== undefined && { beatMs }),
    }),
    voucher: new Voucher({ key, self, clock }),
    client: new PassingClient({ rules: RULES, tls, connectTimeoutMs: CONNECT_TIMEOUT_MS }),
    log,
    count,
  });
}
