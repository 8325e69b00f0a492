/** Sends the recorded requests of a file in their order, and says where an answer is not as recorded. */
import { readFileSync } from 'node:fs';
import { type ApiServer, type Json, startApiServer } from './api-server/index.ts';
import { isObject } from './api-server/json.ts';
import { freePort } from '../loopback.ts';
import { testAuthority } from '../certificates.ts';
import { outOfScope } from './out-of-scope.ts';
import { Placeholders } from './placeholders.ts';
import { RecordedWebhook, type WebhookCall } from './recorded-webhook.ts';

export interface Exchange {
  readonly note: string;
  readonly request: {
    readonly method: string;
    readonly path: string;
    readonly headers?: Readonly<Record<string, string>>;
    readonly body?: Json;
    readonly anonymous?: boolean;
  };
  readonly response: {
    readonly status: number;
    readonly headers: Readonly<Record<string, string | string[]>>;
    readonly body?: Json;
    readonly frames?: readonly Json[];
    readonly ended?: 'server' | 'client';
  };
}

export interface StepResult {
  readonly step: number;
  readonly note: string;
  readonly differences: readonly string[];
}

/** A second of a watch's timeout. */
const second = 100;

const read = (file: string): string => readFileSync(new URL(`golden/${file}.json`, import.meta.url), 'utf8');
export const recording = (file: string): Exchange[] => JSON.parse(read(file)) as Exchange[];

/** All tokens stand as `<token>` in a recording: which step gave the one that a step means. */
const tokensMeant: Readonly<Record<string, Readonly<Record<number, number>>>> = {
  '17-tokens': { 8: 1, 9: 1, 10: 1, 11: 2, 12: 4, 15: 2, 16: 1, 17: 2, 18: 2, 20: 4, 22: 1 },
};

/** What happened to the recorded server between two steps, by what the notes say of it. */
const compactedBefore = /here the store was compacted/;
/** A watch whose note says that the next request belongs to it is not waited for. */
const goesOn = /\(next request\)/;

const otherBundle = Buffer.from(testAuthority('somebody else').cert).toString('base64');

/** Ports of the recorded machine: of its webhook, and one where nothing listens. */
const webhookPort = /127\.0\.0\.1:19443/g;
const idlePort = /127\.0\.0\.1:19444/g;

export async function replay(file: string): Promise<StepResult[]> {
  if (file !== '16-admission') return replaySteps(file, recording(file), '');
  await using webhook = await RecordedWebhook.start(JSON.parse(read('16-webhook-calls')) as WebhookCall[]);
  const moved = read(file)
    .replaceAll(webhookPort, `127.0.0.1:${webhook.port}`)
    .replaceAll(idlePort, `127.0.0.1:${await freePort()}`);
  const results = await replaySteps(file, JSON.parse(moved) as Exchange[], webhook.bundle);
  return [...results, { step: -1, note: 'calls of the webhook', differences: webhook.differences() }];
}

async function replaySteps(file: string, steps: readonly Exchange[], bundle: string): Promise<StepResult[]> {
  await using api = await startApiServer({ second, mustSignIn: true });
  for (const before of preparation(file)) await send(api, before, new Placeholders());
  const placeholders = new Placeholders();
  const open: Promise<StepResult>[] = [];
  const results: StepResult[] = [];
  const issued: Record<number, string> = {};
  for (const [step, exchange] of steps.entries()) {
    if (outOfScope[file]?.has(step) === true) continue;
    if (compactedBefore.test(exchange.note)) api.compact();
    const { note } = exchange;
    const { path } = exchange.request;
    const token = tokensMeant[file]?.[step];
    // The last configuration has the authority of somebody else.
    const blanks = {
      token: token === undefined ? 'of nobody' : (issued[token] ?? ''),
      bundle: /not signed by the caBundle/.test(note) ? otherBundle : bundle,
    };
    const response = await send(api, exchange, placeholders, blanks);
    const found = headerDifferences(exchange, response);
    const warned = response.headers.get('warning') ?? '';
    found.push(...placeholders.differences(warningsOf(exchange.response.headers['warning']), warned, '/warning'));
    if (exchange.response.frames === undefined) {
      const text = await response.text();
      found.push(...bodyDifferences(exchange, text, placeholders));
      if (path.endsWith('/token')) issued[step] = tokenIn(text);
      results.push({ step, note, differences: found });
      continue;
    }
    const watched = framesOf(response, exchange).then((frames) => {
      const expected = [...(exchange.response.frames ?? [])];
      return { step, note, differences: [...found, ...frameDifferences(expected, frames, placeholders)] };
    });
    if (exchange.response.ended === 'server' && !goesOn.test(note)) results.push(await watched);
    else open.push(watched);
  }
  results.push(...(await Promise.all(open)));
  results.push({ step: -1, note: 'order of resource versions', differences: placeholders.disorder() });
  return results.toSorted((left, right) => left.step - right.step);
}

function preparation(file: string): Exchange[] {
  if (file === '00-setup') return [];
  const setup = recording('00-setup');
  return file === '02-crd' ? setup.filter(({ request }) => request.path === '/api/v1/namespaces') : setup;
}

function send(
  api: ApiServer,
  { request }: Exchange,
  placeholders: Placeholders,
  { token, bundle } = { token: '', bundle: '' },
): Promise<Response> {
  const { method, path, headers = {}, body, anonymous = false } = request;
  const own = anonymous ? {} : { authorization: `Bearer ${api.tokens.administrator}` };
  const filled = (text: string): string =>
    placeholders.filled(text).replaceAll('<token>', token).replaceAll('<ca-bundle>', bundle);
  const sent = Object.entries({ ...own, ...headers }).map(([name, value]) => [name, filled(value)]);
  return fetch(api.url + placeholders.filled(path), {
    method,
    headers: { ...Object.fromEntries(sent), 'user-agent': 'chatelaine-test/1.0' },
    ...(body === undefined ? {} : { body: filled(typeof body === 'string' ? body : spaced(body)) }),
  });
}

/** JSON with the spaces the recorder sent, since some answers quote the body. */
function spaced(value: Json): string {
  if (Array.isArray(value)) return `[${value.map(spaced).join(', ')}]`;
  if (!isObject(value)) return JSON.stringify(value);
  const fields = Object.entries(value).map(([key, one]) => `${JSON.stringify(key)}: ${spaced(one ?? null)}`);
  return `{${fields.join(', ')}}`;
}

function headerDifferences({ response: { status, headers } }: Exchange, answer: Response): string[] {
  const found: string[] = [];
  if (answer.status !== status) found.push(`status\n      recorded ${status}\n      answered ${answer.status}`);
  const type = answer.headers.get('content-type');
  if (type !== headers['content-type']) found.push(`content type ${type} instead of ${headers['content-type']}`);
  return found;
}

const warningsOf = (recorded: string | string[] | undefined): string =>
  recorded === undefined ? '' : [recorded].flat().join(', ');

function bodyDifferences({ response: { body } }: Exchange, text: string, placeholders: Placeholders): string[] {
  const isJson = isObject(body) || Array.isArray(body);
  let actual: Json = text;
  if (isJson)
    try {
      actual = JSON.parse(text) as Json;
    } catch {
      return [`body is not JSON: ${text.slice(0, 200)}`];
    }
  return placeholders.differences(body ?? '', actual);
}

function frameDifferences(expected: Json[], frames: readonly Json[], placeholders: Placeholders): string[] {
  const found = expected.flatMap((frame, at) => placeholders.differences(frame, frames[at], `frame ${at}`));
  return frames.length > expected.length
    ? [...found, `${frames.length} frames instead of ${expected.length}: ${JSON.stringify(frames.at(-1))}`]
    : found;
}

/** Until the server ends the stream, or for a reader that left, until it has what was recorded. */
async function framesOf(response: Response, { response: { frames = [], ended } }: Exchange): Promise<Json[]> {
  const found: Json[] = [];
  let rest = '';
  const decoder = new TextDecoder();
  const enough = (): boolean => ended === 'client' && found.length >= frames.length;
  if (response.body === null || enough()) return found;
  for await (const chunk of response.body) {
    const lines = (rest + decoder.decode(chunk as Uint8Array, { stream: true })).split('\n');
    rest = lines.pop() ?? '';
    found.push(...lines.map((line) => JSON.parse(line) as Json));
    if (enough()) break;
  }
  return found;
}

function tokenIn(text: string): string {
  const { status } = JSON.parse(text) as { status?: { token?: string } };
  return status?.token ?? '';
}
