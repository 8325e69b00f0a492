import type { IncomingMessage } from 'node:http';
import type { TLSSocket } from 'node:tls';
import { gatewayError } from '../../errors.ts';
import { isSession } from '../../mcp/revision.ts';
import type { AgentCertificates } from '../../pipeline/agent-certificates.ts';
import type { WaysIn } from '../../pipeline/authenticate.ts';
import type { HttpPeer } from '../../pipeline/peer.ts';
import type { Forwarded } from './siblings.ts';
import type { Witnessed } from './voucher.ts';
import { shownOn, witnessedCertificates } from './witnessed-certificate.ts';

/** The id of a process: 72 random bits. The id of a session is that of its process, a point, and 256 of its own. */
const HELD = /^([A-Za-z0-9_-]{12})\.[A-Za-z0-9_-]{43}$/;

/** What of the doors is about requests that name a session: which of them are another process's, and how theirs come in here. */
export class SessionDoor {
  readonly #self: string;

  constructor(self: string) {
    this.#self = self;
  }

  /**
   * Where a request belongs whose session another process holds, with what goes along; undefined where it is
   * answered here. So is one that shows nothing to be let in by, or has more than is read: this process can
   * refuse it as well, and no stranger makes two of them work.
   */
  elsewhere(
    request: IncomingMessage,
    { certificates }: { readonly certificates?: AgentCertificates | undefined },
    peer: HttpPeer,
    maxBodyBytes: number,
  ): Omit<Forwarded, 'response'> | undefined {
    const to = this.#holderOf(request);
    if (to === undefined || Number(request.headers['content-length'] ?? 0) > maxBodyBytes) return undefined;
    if (certificates === undefined && request.headers.authorization === undefined) return undefined;
    const seen = this.seenOf(request, { certificates }, peer);
    return seen && { request, to, ...seen };
  }

  /** What goes along with a request to another process; undefined where it shows no certificate that counts, and has to. */
  seenOf(
    request: IncomingMessage,
    { certificates }: { readonly certificates?: AgentCertificates | undefined },
    { address }: HttpPeer,
  ): Pick<Forwarded, 'address' | 'listener' | 'shown' | 'stillShown'> | undefined {
    if (certificates === undefined) return { address, listener: 'public' };
    const socket = request.socket as TLSSocket;
    const shown = shownOn(certificates, socket);
    const stillShown = (): boolean => certificates.certificate(socket).ok;
    return shown && { address, listener: 'agents', shown, stillShown };
  }

  /**
   * How whoever sent a forwarded request may prove who they are: as at the listener that it came in at. Throws
   * `FORWARDING_REFUSED` where this process has none of that kind.
   */
  waysFor({ listener, shown }: Witnessed, { verifier }: WaysIn, agents: AgentCertificates | undefined): WaysIn {
    if (listener === 'public') return { verifier };
    if (agents === undefined || shown === undefined)
      throw gatewayError('FORWARDING_REFUSED', 'this replica has no listener of agents');
    return { verifier, certificates: witnessedCertificates(shown, agents) };
  }

  #holderOf({ headers }: IncomingMessage): string | undefined {
    const id = headers['mcp-session-id'];
    if (typeof id !== 'string') return undefined;
    const version = headers['mcp-protocol-version'];
    // Requests of the stateless era are anybody's to answer, whatever stands beside.
    if (typeof version === 'string' && !isSession(version)) return undefined;
    const holder = HELD.exec(id)?.[1];
    return holder === this.#self ? undefined : holder;
  }
}
