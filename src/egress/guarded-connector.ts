/**
 * The socket factory under every outgoing request: undici's connector with the rules at the one place
 * that cannot be talked around, between name resolution and `connect(2)`.
 */
import type { LookupAddress } from 'node:dns';
import { lookup as resolveName } from 'node:dns/promises';
import { isIP, type LookupFunction, type Socket } from 'node:net';
import type { TLSSocket } from 'node:tls';
import { callbackify } from 'node:util';
import type { buildConnector } from 'undici';
import { egressError } from './errors.ts';
import type { EgressTls } from './egress-client.ts';
import { judgeAddress, type EgressRules } from './egress-rules.ts';
import { refuseUnpinned } from './public-key-pin.ts';

/** Every address of a name. Injected by tests that play a name server which changes its mind. */
export type Resolve = (hostname: string) => Promise<readonly LookupAddress[]>;

export type Connector = buildConnector.connector;

const systemResolve: Resolve = (hostname) => resolveName(hostname, { all: true });

/**
 * A connector for `new Agent({ connect })`.
 *
 * The name is resolved once. Every address of the answer must pass, not only the one tried first:
 * an attacker's name server mixes a public and a private one and waits for the fallback. The socket
 * gets the checked list instead of the name, so a second answer (DNS rebinding) is never asked for.
 * The peer of the finished connection is checked again, in case any of this ever stops being true.
 */
export function guardedConnector(
  build: typeof buildConnector,
  rules: EgressRules,
  options: {
    readonly tls: EgressTls;
    /** The one origin to which `tls` proves who we are, and whose name it may say; every one when left out. */
    readonly identityFor?: URL;
    readonly timeoutMs: number;
    readonly resolve?: Resolve;
  },
): Connector {
  const resolve = options.resolve ?? systemResolve;

  /** The addresses of a name, all of them checked. */
  const checked = callbackify(async (hostname: string): Promise<readonly LookupAddress[]> => {
    const answers = await resolve(hostname);
    const refusal = refuse(rules, hostname, answers);
    if (refusal !== undefined) throw refusal;
    return answers;
  });

  const lookup: LookupFunction = (hostname, asked, callback) => {
    checked(hostname, (failure, answers) => {
      if (failure !== null) return callback(failure, []);
      if (asked.all) return callback(null, [...answers]);
      return callback(null, answers[0]?.address ?? '', answers[0]?.family);
    });
  };

  // HTTP/1.1 only: one request a connection at a time keeps cancellation and limits per call.
  const { pins, peer, ...tls } = options.tls;
  // A session that is resumed shows the certificate of the one before, and Node asks nothing of it then: who is known by
  // a key or a SPIFFE ID shakes hands in full each time.
  const known = {
    ...((pins ?? peer) !== undefined && { maxCachedSessions: 0 }),
    ...(peer !== undefined && { ca: [...peer.ca], checkServerIdentity: peer.check }),
  };
  const own = build({ ...tls, ...known, lookup, timeout: options.timeoutMs, allowH2: false });
  // A redirect must not have us sign in to somebody else with our certificate.
  const { cert: _cert, key: _key, servername: _name, ...trust } = tls;
  const foreign = build({ ...trust, lookup, timeout: options.timeoutMs, allowH2: false });

  return (target, callback) => {
    const host = target.hostname.replace(/^\[|\]$/g, '');
    // A literal address never reaches `lookup`.
    if (isIP(host) !== 0) {
      const judged = judgeAddress(rules, host);
      if (!judged.ok) return callback(egressError('EGRESS_REFUSED', `\`${host}\` is ${judged.error}`), null);
    }
    const { hostname, host: authority, protocol, port } = target;
    const isOwn = options.identityFor === undefined || isOrigin(options.identityFor, target);
    const servername = (isOwn ? tls.servername : undefined) ?? target.servername;
    const connect = isOwn ? own : foreign;
    return connect(
      // Fields are named one by one: `socketPath` and `httpSocket` would go around the rules, and a
      // server name beside a plain connection would replace the name that is looked up.
      {
        hostname,
        protocol,
        port,
        ...(authority !== undefined && { host: authority }),
        ...(protocol === 'https:' && typeof servername === 'string' && { servername }),
      },
      (...[failure, socket]: Parameters<buildConnector.Callback>) => {
        if (failure !== null) return callback(failure, null);
        const peer = socket.remoteAddress;
        const judged = peer === undefined ? undefined : judgeAddress(rules, peer);
        const refusal =
          judged === undefined
            ? egressError('EGRESS_UNREACHABLE', `\`${host}\` hung up at once`)
            : !judged.ok
              ? egressError('EGRESS_REFUSED', `\`${host}\` led to \`${peer}\`, ${judged.error}`)
              : isOwn && pins !== undefined
                ? refuseUnpinned(certificateOf(socket), pins, target.host ?? hostname)
                : undefined;
        if (refusal === undefined) return callback(null, socket);
        socket.destroy();
        return callback(refusal, null);
      },
    );
  };
}

/** What the server showed; nothing of a connection without TLS, which is thus none with a pinned key. */
const certificateOf = (socket: Socket | TLSSocket): Buffer | undefined =>
  'getPeerX509Certificate' in socket ? socket.getPeerX509Certificate()?.raw : undefined;

function isOrigin(own: URL, { protocol, hostname, port }: buildConnector.Options): boolean {
  const usual = protocol === 'https:' ? '443' : '80';
  return own.protocol === protocol && own.hostname === hostname && (own.port || usual) === (port || usual);
}

function refuse(rules: EgressRules, hostname: string, answers: readonly LookupAddress[]): Error | undefined {
  if (answers.length === 0) return egressError('EGRESS_UNREACHABLE', `\`${hostname}\` has no address`);
  for (const { address } of answers) {
    const judged = judgeAddress(rules, address);
    if (!judged.ok) {
      return egressError('EGRESS_REFUSED', `\`${hostname}\` resolves to \`${address}\`, ${judged.error}`);
    }
  }
  return undefined;
}
