/** An agent that speaks the SPIFFE Workload API on a Unix socket, and certificates of our own authority to give. */
import { createPrivateKey, X509Certificate } from 'node:crypto';
import { rmSync } from 'node:fs';
import {
  Server,
  ServerCredentials,
  status,
  type handleServerStreamingCall,
  type ServerWritableStream,
} from '@grpc/grpc-js';
import protobuf from 'protobufjs';
import { reveal } from '#kernel';
import { loadCertificateAuthority } from '#tls';

const { issueCertificate, newAuthority } = await loadCertificateAuthority();
type Authority = ReturnType<typeof newAuthority>;

/** Written once more, so that a wrong number in one of the two shows. */
const PROTO = `syntax = "proto3";
message Answer { repeated Identity svids = 1; repeated bytes crl = 2; map<string, bytes> federated_bundles = 3; }
message Identity { string spiffe_id = 1; bytes x509_svid = 2; bytes x509_svid_key = 3; bytes bundle = 4; string hint = 5; }`;
const Answer = protobuf.parse(PROTO, { keepCase: true }).root.lookupType('Answer');

export interface IdentityMessage {
  spiffe_id: string;
  x509_svid: Buffer;
  x509_svid_key: Buffer;
  bundle: Buffer;
  hint?: string;
}

export interface AnswerMessage {
  svids: readonly IdentityMessage[];
  crl?: readonly Buffer[];
  federated_bundles?: Readonly<Record<string, Buffer>>;
}

const DAY_MS = 86_400_000;

/** An authority of `chatelaine ca`. */
export const domainAuthority = (trustDomain: string): Authority =>
  newAuthority({ name: trustDomain, trustDomain, curve: 'P-256', lifetimeMs: 10 * DAY_MS }, Date.now());

/** The certificate of an agent or server, PEM. */
export function issued(authority: Authority, spiffeId: string, lifetimeMs = DAY_MS) {
  const { cert, key, serial } = issueCertificate(
    authority,
    { spiffeId, dnsNames: ['localhost'], addresses: ['127.0.0.1'], lifetimeMs },
    Date.now(),
  );
  return { cert, key: reveal(key), serial };
}

/** Certificates one after the other, as the protocol has bundles. */
export const bundleOf = (...authorities: readonly Authority[]): Buffer =>
  Buffer.concat(authorities.map(({ cert }) => new X509Certificate(cert).raw));

/** One identity of a message, issued now. */
export function identity(
  authority: Authority,
  spiffeId: string,
  { bundle = bundleOf(authority), hint = '', lifetimeMs = DAY_MS } = {},
): IdentityMessage & { serial: string } {
  const { cert, key, serial } = issued(authority, spiffeId, lifetimeMs);
  return {
    ...{ spiffe_id: spiffeId, bundle, hint, serial },
    x509_svid: new X509Certificate(cert).raw,
    x509_svid_key: createPrivateKey(key).export({ type: 'pkcs8', format: 'der' }),
  };
}

export const encodeAnswer = (message: AnswerMessage): Buffer =>
  Buffer.from(Answer.encode(Answer.fromObject(message)).finish());

export interface WorkloadServer {
  readonly endpoint: string;
  /** What came without the metadata that the standard demands, or with it. */
  readonly visits: ('answered' | 'refused')[];
  /** Streams that are open now. */
  streams(): number;
  /** To everybody who listens, and to whoever comes. */
  give(message: AnswerMessage): void;
  giveBytes(bytes: Buffer): void;
  /** Ends every stream with this status, and those that come, until something is given again. */
  refuse(code: status, details?: string): void;
  /** Everybody is cut off, and nobody is there. */
  stop(): void;
  start(): Promise<void>;
}

export async function startWorkloadServer(socket: string): Promise<WorkloadServer> {
  const open = new Set<ServerWritableStream<Buffer, Buffer>>();
  const visits: WorkloadServer['visits'] = [];
  let answer: Buffer | { code: status; details: string } = { code: status.UNAVAILABLE, details: 'not ready' };
  let server: Server | undefined;
  const asIs = (bytes: Buffer): Buffer => bytes;
  const method = {
    ...{ path: '/SpiffeWorkloadAPI/FetchX509SVID', requestStream: false, responseStream: true },
    ...{ requestSerialize: asIs, requestDeserialize: asIs, responseSerialize: asIs, responseDeserialize: asIs },
  };
  const speak = (stream: ServerWritableStream<Buffer, Buffer>): void => {
    if (Buffer.isBuffer(answer)) stream.write(answer);
    else stream.emit('error', Object.assign(new Error(answer.details), answer));
  };
  const fetchX509Svid: handleServerStreamingCall<Buffer, Buffer> = (stream) => {
    // SPIFFE_Workload_Endpoint §3 and §6.
    const header = stream.metadata.get('workload.spiffe.io');
    const isRefused = header.length !== 1 || header[0] !== 'true';
    visits.push(isRefused ? 'refused' : 'answered');
    if (isRefused) {
      const details = 'security header missing from request';
      stream.emit('error', Object.assign(new Error(details), { code: status.INVALID_ARGUMENT, details }));
      return;
    }
    open.add(stream);
    stream.on('close', () => open.delete(stream));
    stream.on('cancelled', () => open.delete(stream));
    speak(stream);
  };

  async function start(): Promise<void> {
    server = new Server();
    server.addService({ fetchX509Svid: method }, { fetchX509Svid });
    await new Promise<void>((resolve, reject) => {
      server?.bindAsync(`unix:${socket}`, ServerCredentials.createInsecure(), (error) =>
        error === null ? resolve() : reject(error),
      );
    });
  }

  await start();
  const everybody = (): void => {
    for (const stream of open) speak(stream);
  };
  return {
    endpoint: `unix://${socket}`,
    visits,
    streams: () => open.size,
    give(message) {
      answer = encodeAnswer(message);
      everybody();
    },
    giveBytes(bytes) {
      answer = bytes;
      everybody();
    },
    refuse(code, details = 'as the test says') {
      answer = { code, details };
      everybody();
      open.clear();
    },
    stop() {
      server?.forceShutdown();
      open.clear();
      rmSync(socket, { force: true });
    },
    start,
  };
}
