/**
 * `POST /api/v1/approvals/{id}/decision`: the signed answer of a configured decider.
 *
 *   {"approval": "<id>", "verdict": "approve" | "refuse", "reason": "…"}
 *
 * No route of the API, since what counts is the bytes and their signature, and no credential: a message of Standard
 * Webhooks, whose `webhook-key-id` names the decider. The body says which approval it is for: the path is not signed.
 */
import type { IncomingMessage, ServerResponse } from 'node:http';
import { z } from 'zod';
import { CountedRefusals } from '#audit';
import type { AuditEvent, AuditTrail } from '#contract';
import { addressBlock } from '#identity';
import { ChatelaineError, parseStrictJson, type Clock, type Logger } from '#kernel';
import { originOfDecider } from '../decisions.ts';
import { approvalError } from '../errors.ts';
import type { Approvals } from '../open-approvals.ts';
import type { Arrival } from '../parts.ts';
import { KEY_ID_HEADER, verifyMessage } from './standard-webhook.ts';

export interface AnswerDoorOptions {
  readonly approvals: Approvals;
  readonly trail: AuditTrail;
  readonly clock: Clock;
  readonly log: Logger;
}

const PATH = /^\/api\/v1\/approvals\/([0-9a-z]{10,40})\/decision$/;
const MOST_BYTES = 16_384;

export const isAnswerPath = (path: string): boolean => PATH.test(path);

const answerBody = z.strictObject({
  approval: z.string(),
  verdict: z.enum(['approve', 'refuse']),
  reason: z.string().trim().max(500).optional(),
});

export interface AnswerDoor {
  /** Answers; never rejects. */
  handle(request: IncomingMessage, response: ServerResponse, arrival: Arrival): Promise<void>;
  /** Puts on record what was only counted. */
  close(): Promise<void>;
}

export function answerDoor({ approvals, trail, clock, log }: AnswerDoorOptions): AnswerDoor {
  const refusals = new CountedRefusals(trail, clock);

  async function visit(request: IncomingMessage, { requestId, address }: Arrival): Promise<object> {
    if (request.method !== 'POST') throw refused('it is sent by POST');
    const id = PATH.exec(pathOf(request))?.[1] ?? '';
    const body = await readBody(request);
    const header = (name: string): string | undefined => {
      const value = request.headersDistinct[name];
      return value?.length === 1 ? value[0] : undefined;
    };
    const name = header(KEY_ID_HEADER);
    const decider = approvals.parts.settings.deciders.find((one) => one.name === name);
    if (decider === undefined) throw refused('`webhook-key-id` names no decider');
    const verified = verifyMessage(header, body, { secret: decider.secret, now: clock.now() });
    if (!verified.ok) throw refused(verified.error);
    const parsed = parseStrictJson(Buffer.from(body));
    const answer = answerBody.safeParse(parsed.ok ? parsed.value : undefined);
    if (!answer.success) throw refused('its body is not `{approval, verdict, reason}`');
    if (answer.data.approval !== id) throw refused('it is for another approval');
    const at = { requestId, ...(address !== undefined && { address }) };
    const { verdict, reason } = answer.data;
    const decided = await approvals.decisions.decideSigned(
      { origin: originOfDecider(decider.name, at) },
      id,
      { verdict, reason },
      { name: decider.name, approves: decider.approves, messageId: verified.value },
    );
    return { id, state: decided.state };
  }

  /** Anybody can send what is not signed: on record, and in a flood counted there. */
  async function onRecord(
    error: ChatelaineError,
    request: IncomingMessage,
    { requestId, address }: Arrival,
  ): Promise<void> {
    if (error.code !== 'APPROVAL_ANSWER_REFUSED') return;
    const id = (PATH.exec(pathOf(request))?.[1] ?? '').slice(0, 40);
    const event: AuditEvent = {
      ...REFUSED,
      ...{ requestId, outcome: 'denied', error: error.code },
      object: { kind: 'approval', namespace: '', name: '', id },
      ...(address !== undefined && { address }),
      details: { why: error.message.slice(0, 200) },
    };
    await refusals.record(event, addressBlock(address ?? ''), { of: 'strangers', event: REFUSED });
  }

  const handle: AnswerDoor['handle'] = async (request, response, arrival) => {
    const { headers, requestId } = arrival;
    for (let at = 0; at < headers.length; at += 2) response.setHeader(headers[at] as string, headers[at + 1] as string);
    try {
      send(response, 200, 'application/json', await visit(request, arrival));
    } catch (thrown) {
      if (response.destroyed || request.socket.destroyed) return void response.destroy();
      const error = thrown instanceof ChatelaineError ? thrown : undefined;
      if (error === undefined)
        log.error({ err: thrown, requestId }, 'an answer to an approval met a fault of the server');
      else
        await onRecord(error, request, arrival).catch((cause: unknown) =>
          log.error({ err: cause }, 'a refused answer is not on record'),
        );
      send(response, error?.status ?? 500, 'application/problem+json', problemOf(error, requestId));
    }
  };
  return { handle, close: () => refusals.flush() };
}

const REFUSED = {
  class: 'authorization',
  type: 'approval.answer-refused',
  door: 'api',
  action: 'decide',
  actor: { kind: 'anonymous', iss: 'chatelaine', sub: 'anonymous', name: 'anonymous' },
} as const;

const refused = (why: string): ChatelaineError =>
  approvalError('APPROVAL_ANSWER_REFUSED', `the answer does not count: ${why}`);

/** RFC 9457, as the API has it. */
function problemOf(error: ChatelaineError | undefined, requestId: string): object {
  const code = error?.code ?? 'API_FAULT';
  return {
    type: `urn:chatelaine:problem:${code.toLowerCase().replaceAll('_', '-')}`,
    title: error === undefined ? 'the server met a fault of its own' : error.message,
    status: error?.status ?? 500,
    detail: error?.message ?? 'the answer was not counted; the log has more under the id in `instance`',
    instance: `urn:chatelaine:request:${requestId}`,
    code,
    remedy: error?.remedy ?? 'Send it again later.',
  };
}

function send(response: ServerResponse, status: number, type: string, body: object): void {
  const text = JSON.stringify(body);
  response
    .writeHead(status, {
      'Content-Type': type,
      'Content-Length': Buffer.byteLength(text),
      'Cache-Control': 'no-store',
      'X-Content-Type-Options': 'nosniff',
    })
    .end(text);
}

async function readBody(request: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of request.iterator({ destroyOnReturn: false }) as AsyncIterable<Buffer>) {
    size += chunk.length;
    if (size > MOST_BYTES) throw refused(`its body is larger than ${MOST_BYTES} bytes`);
    chunks.push(chunk);
  }
  return Buffer.concat(chunks).toString('utf8');
}

const pathOf = ({ url = '/' }: IncomingMessage): string => url.split('?', 1)[0] as string;
