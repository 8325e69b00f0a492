/** Mixed writes at every door of a running server, until it is gone. */
import { randomBytes } from 'node:crypto';
import type { Act, Entry, Journal, KnownKey } from './journal.ts';

const WORKERS = 8;
const AGENTS = 6;
const SECRETS = 12;

export interface Caller {
  readonly url: string;
  /** May administer. */
  readonly admin: string;
  /** May call tools. */
  readonly caller: string;
  readonly journal: Journal;
}

/** Works until the server no longer answers. Rejects when it answers with what it must not. */
export async function workUntilGone(caller: Caller): Promise<void> {
  await Promise.all(Array.from({ length: WORKERS }, () => work(caller)));
}

async function work(caller: Caller): Promise<void> {
  while (await doOne(caller));
}

/** One act; false once the server is gone. */
async function doOne(caller: Caller): Promise<boolean> {
  const act = choose(caller.journal);
  const traceId = randomBytes(16).toString('hex');
  const entry = caller.journal.begin(act, traceId);
  let response: Response;
  let body: unknown;
  try {
    response = await send(caller, act, traceId);
    body = await response.json();
  } catch {
    return false;
  }
  if (response.status >= 500)
    throw new Error(`${act.kind} was answered with ${response.status}: ${JSON.stringify(body)}`);
  if (response.ok) acknowledge(caller.journal, entry, body);
  return true;
}

/** Two of three acts are calls, as in life; what disables an agent is rare, or soon nobody is left. */
function choose(journal: Journal): Act {
  const one = (count: number): number => Math.floor(Math.random() * count);
  const token = (): string => randomBytes(9).toString('base64url');
  const dice = Math.random();
  if (dice < 0.5) return { kind: 'note', text: token() };
  if (dice < 0.7) return { kind: 'create-key', agent: `agent-${one(AGENTS)}`, label: token() };
  if (dice < 0.8 && journal.keys.length > 0) {
    return { kind: 'revoke-key', id: (journal.keys[one(journal.keys.length)] as KnownKey).id };
  }
  if (dice < 0.98) return { kind: 'put-secret', name: `secret-${one(SECRETS)}`, value: token() };
  if (dice < 0.99) return { kind: 'disable-secret', name: `secret-${one(SECRETS)}` };
  return { kind: 'disable-agent', agent: `agent-${one(AGENTS)}` };
}

function send({ url, admin, caller }: Caller, act: Act, traceId: string): Promise<Response> {
  const api = (method: string, path: string, body?: object): Promise<Response> =>
    request(`${url}/api/v1${path}`, method, admin, traceId, body);
  switch (act.kind) {
    case 'note':
      return request(`${url}/api/tool/write_note/invoke`, 'POST', caller, traceId, { text: act.text });
    case 'create-key':
      return api('POST', `/agents/default/${act.agent}/keys`, { label: act.label });
    case 'revoke-key':
      return api('POST', `/keys/${act.id}/revoke`);
    case 'disable-agent':
      return api('POST', `/agents/default/${act.agent}/disable`);
    case 'put-secret':
      return api('POST', `/secrets/default/${act.name}/rotate`, {
        material: { kind: 'bearer', token: act.value },
        overlapSeconds: 0,
      });
    case 'disable-secret':
      return api('POST', `/secrets/default/${act.name}/disable`);
  }
}

function request(url: string, method: string, key: string, traceId: string, body?: object): Promise<Response> {
  return fetch(url, {
    method,
    headers: {
      Authorization: `Bearer ${key}`,
      traceparent: `00-${traceId}-00f067aa0ba902b7-01`,
      ...(body !== undefined && { 'Content-Type': 'application/json' }),
    },
    ...(body !== undefined && { body: JSON.stringify(body) }),
  });
}

function acknowledge(journal: Journal, entry: Entry, body: unknown): void {
  entry.acknowledged = body;
  if (entry.act.kind !== 'create-key') return;
  const { key, secret } = body as { key: { id: string }; secret: string };
  journal.keys.push({ id: key.id, key: secret, agent: entry.act.agent });
}
