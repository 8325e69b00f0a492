import type { IncomingMessage, ServerResponse } from 'node:http';
import type { TLSSocket } from 'node:tls';
import { setTimeout as pause } from 'node:timers/promises';
import { newId, type Clock, type Logger } from '#kernel';
import type { ClientCertificates, PeerRefusal } from '#tls';
import { EXCHANGE_PATH } from '#token-exchange';
import { AT_FAULT, NOBODY, send, SUBJECT, type Judged, type Refused } from './exchange-answer.ts';
import type { Exchange } from './exchange.ts';
import type { ExchangeAsker, ExchangeRecords } from './exchange-records.ts';
import { readInternalExchange } from './exchange-request.ts';
import type { OwnerRate } from './owner-rate.ts';

/** Who stands at the other end of a connection. */
type Peers = Pick<ClientCertificates, 'identify' | 'certificate' | 'said'>;

/** What the listener has to do with a request. */
export interface InternalArrival {
  readonly peers: Peers;
  /** Told what came of it: `ok`, or the error that is answered. */
  readonly answered?: (outcome: string) => void;
}

export interface ExchangeDoorParts {
  readonly exchange: Exchange;
  readonly records: ExchangeRecords;
  readonly rate: OwnerRate;
  readonly clock: Clock;
  readonly log: Logger;
}

const MOST_BYTES = 32 * 1024;

/**
 * Refusals of subject tokens leave at whole multiples of this, in milliseconds: a token that is remembered is judged
 * sooner than one whose session has to be looked for, and the difference would tell the two apart (INT-018).
 */
const SUBJECT_BEAT_MS = 25;

/** Every request to the internal listener. Headers that tell of another peer than that of the connection are not read. */
export class ExchangeDoor {
  readonly #parts: ExchangeDoorParts;

  constructor(parts: ExchangeDoorParts) {
    this.#parts = parts;
  }

  /** Answers; never rejects. No answer leaves before it is on record. */
  async handle(request: IncomingMessage, response: ServerResponse, arrival: InternalArrival): Promise<void> {
    const { records, clock, log } = this.#parts;
    const { peers, answered } = arrival;
    const began = performance.now();
    const asker: Mutable<ExchangeAsker> = {
      requestId: newId(clock.now()),
      address: request.socket.remoteAddress?.replace('::ffff:', ''),
      said: peers.said(request.socket as TLSSocket),
    };
    let judged: Judged;
    try {
      judged = await this.#judge(request, peers, asker);
    } catch (error) {
      if (request.destroyed && !request.complete) return void response.destroy();
      log.error({ err: error, requestId: asker.requestId }, 'an internal exchange met a fault');
      judged = { refused: AT_FAULT, reason: 'fault' };
    }
    try {
      await records.answered(judged, asker);
    } catch (error) {
      log.error(
        { err: error, requestId: asker.requestId },
        'an internal exchange is refused: it cannot be put on record',
      );
      judged = { refused: AT_FAULT, reason: 'not_on_record' };
    }
    if ('refused' in judged && judged.refused === SUBJECT) await untilBeat(began);
    answered?.('granted' in judged ? 'ok' : judged.refused.error);
    if (!response.destroyed) send(response, judged);
  }

  async #judge(request: IncomingMessage, peers: Peers, asker: Mutable<ExchangeAsker>): Promise<Judged> {
    const { exchange, rate } = this.#parts;
    if (request.url !== EXCHANGE_PATH) return { refused: UNKNOWN_PATH, reason: 'unknown_path' };
    if (request.method !== 'POST') return { refused: UNKNOWN_METHOD, reason: 'unknown_method' };
    const socket = request.socket as TLSSocket;
    const [shown, certificate] = [peers.identify(socket), peers.certificate(socket)];
    if (!shown.ok) return this.#unfit(shown.error);
    if (!certificate.ok) return this.#unfit(certificate.error);
    asker.spiffeId = shown.value.uri;
    const peer = exchange.ownerOf(shown.value);
    if (!('registered' in peer)) return peer;
    asker.owner = peer.registered.owner;
    const seconds = rate.take(shown.value.uri);
    if (seconds !== undefined) return { refused: tooMany(seconds), reason: 'too_many' };
    const unread = refuseContent(request.headers);
    if (unread !== undefined) return unread;
    const body = await bodyOf(request);
    if (body === undefined) return { refused: TOO_LARGE, reason: 'body_too_large' };
    const read = readInternalExchange(body);
    if (!read.ok) return { refused: { status: 400, ...read.error }, reason: 'malformed' };
    return await exchange.judge(peer, read.value, certificate.value.thumbprint);
  }

  /** A certificate that is nobody's; where only we cannot say so, that is our fault, and nobody comes in. */
  #unfit({ reason, detail }: PeerRefusal): Judged {
    const record = { reason: `certificate_${reason.replaceAll('-', '_')}`, details: { found: detail.slice(0, 300) } };
    if (reason !== 'revocation-unknown') return { ...record, refused: NOBODY };
    this.#parts.log.error(
      { event: 'tls.revocation.unknown' },
      `an owner is refused at \`internalListener\`, since nobody can say whether its certificate was revoked: ${detail}`,
    );
    return { ...record, refused: { ...AT_FAULT, hangsUp: true } };
  }
}

type Mutable<Type> = { -readonly [Field in keyof Type]: Type[Field] };

const UNKNOWN_PATH: Refused = { status: 404, error: 'not_found', description: 'there is nothing at this path' };
const UNKNOWN_METHOD: Refused = {
  status: 405,
  error: 'invalid_request',
  description: 'an exchange is asked for by POST',
};
const TOO_LARGE: Refused = {
  status: 413,
  error: 'invalid_request',
  description: 'the body is larger than an exchange can be',
  hangsUp: true,
};

const tooMany = (retryAfterSeconds: number): Refused => ({
  status: 429,
  error: 'slow_down',
  description: 'this owner asks more often than it may',
  retryAfterSeconds,
});

function refuseContent(headers: IncomingMessage['headers']): Judged | undefined {
  const { 'content-type': type = '', 'content-encoding': encoding } = headers;
  const isForm = /^application\/x-www-form-urlencoded *(?:; *charset="?utf-8"?)?$/i.test(type);
  if (isForm && encoding === undefined) return undefined;
  const description = 'an exchange is asked for by a form, `application/x-www-form-urlencoded`, as it is';
  return { refused: { status: 400, error: 'invalid_request', description, hangsUp: true }, reason: 'malformed' };
}

/** The body as text; undefined for one that is too large, of which no more is read. */
async function bodyOf(request: IncomingMessage): Promise<string | undefined> {
  const chunks: Buffer[] = [];
  let bytes = 0;
  if (Number(request.headers['content-length'] ?? 0) > MOST_BYTES) return undefined;
  for await (const chunk of request.iterator({ destroyOnReturn: false }) as AsyncIterable<Buffer>) {
    bytes += chunk.length;
    if (bytes > MOST_BYTES) return undefined;
    chunks.push(chunk);
  }
  return Buffer.concat(chunks).toString('latin1');
}

async function untilBeat(began: number): Promise<void> {
  const past = performance.now() - began;
  await pause(Math.ceil(past / SUBJECT_BEAT_MS) * SUBJECT_BEAT_MS - past);
}
