/** Mixed writes at every door of a running server, until it is gone. */
import { randomBytes } from 'node:crypto';
import { KINDS, type Act, type Journal, type KnownKey } from './journal.ts';

const WORKERS = 8;
/** Agents and secrets that stay, so that what is lost of them is seen: what was ended answers the same. */
const STAYING = 6;
/** What is ended is among the newest, which are few enough to look through. */
const NEWEST = 40;

export interface Caller {
  readonly url: string;
  /** May administer. */
  readonly admin: string;
  /** May call tools. */
  readonly caller: string;
  readonly journal: Journal;
}

/** Works until the server no longer answers. */
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
  if (response.ok) caller.journal.acknowledge(entry, body);
  else caller.journal.refuse(entry, response.status, (body as { readonly code?: string }).code);
  return true;
}

/**
 * Mostly calls, as in life; and of what was acknowledged least something more, since on a slow machine a
 * life is over after few acts.
 */
function choose(journal: Journal): Act {
  const dice = Math.random();
  if (dice < 0.4) return { kind: 'note', text: token() };
  return make(journal, dice < 0.7 ? scarcest(journal) : (KINDS[oneOf(KINDS.length)] as Act['kind']));
}

const scarcest = (journal: Journal): Act['kind'] =>
  KINDS.reduce((least, kind) => (journal.count(kind) < journal.count(least) ? kind : least));

/** What ends something takes what nobody asked to end; where there is nothing, there is more soon. */
function make(journal: Journal, kind: Act['kind']): Act {
  switch (kind) {
    case 'note':
      return { kind, text: token() };
    case 'create-key':
      return createKey(journal);
    case 'revoke-key':
      return revoke(journal) ?? createKey(journal, passing(journal, 'disable-agent'));
    case 'disable-agent':
      return disableAgent(journal) ?? createKey(journal, passing(journal, kind));
    case 'put-secret':
      return putSecret(journal);
    case 'disable-secret':
      return disableSecret(journal) ?? putSecret(journal, passing(journal, kind));
  }
}

const createKey = (journal: Journal, whose = stayingOrPassing(journal, 'disable-agent')): Act => ({
  kind: 'create-key',
  agent: `agent-${whose}`,
  label: token(),
});

function putSecret(journal: Journal, which = stayingOrPassing(journal, 'disable-secret')): Act {
  const name = `secret-${which}`;
  const how = !journal.made.has(name) ? 'make' : Math.random() < 0.5 ? 'replace' : 'rotate';
  return { kind: 'put-secret', how, name, value: token() };
}

const stayingOrPassing = (journal: Journal, end: Act['kind']): string =>
  Math.random() < 0.5 ? `staying-${oneOf(STAYING)}` : passing(journal, end);

/** The same until somebody asks to disable it. */
const passing = (journal: Journal, end: Act['kind']): string => `passing-${journal.asked(end)}`;

const isPassing = (name: string): boolean => name.includes('-passing-');

function revoke(journal: Journal): Act | undefined {
  const open = passingKeys(journal).filter(({ id }) => unasked(journal, 'revoke-key', id));
  const id = open[oneOf(open.length)]?.id;
  return id === undefined ? undefined : { kind: 'revoke-key', id };
}

function disableAgent(journal: Journal): Act | undefined {
  const open = passingKeys(journal);
  const agent = open[oneOf(open.length)]?.agent;
  return agent === undefined ? undefined : { kind: 'disable-agent', agent };
}

const passingKeys = (journal: Journal): readonly KnownKey[] =>
  journal.keys.slice(-NEWEST).filter(({ agent }) => isPassing(agent) && unasked(journal, 'disable-agent', agent));

function disableSecret(journal: Journal): Act | undefined {
  const open = journal.secrets
    .slice(-NEWEST)
    .filter((name) => isPassing(name) && unasked(journal, 'disable-secret', name));
  const name = open[oneOf(open.length)];
  return name === undefined ? undefined : { kind: 'disable-secret', name };
}

const unasked = (journal: Journal, ...about: Parameters<Journal['fate']>): boolean =>
  journal.fate(...about) === 'never asked';

const oneOf = (count: number): number => Math.floor(Math.random() * count);

const token = (): string => randomBytes(9).toString('base64url');

function send({ url, admin, caller }: Caller, act: Act, traceId: string): Promise<Response> {
  const api = (path: string, body?: object): Promise<Response> =>
    request(`${url}/api/v1${path}`, 'POST', admin, traceId, body);
  switch (act.kind) {
    case 'note':
      return request(`${url}/api/tool/write_note/invoke`, 'POST', caller, traceId, { text: act.text });
    case 'create-key':
      return api(`/agents/default/${act.agent}/keys`, { label: act.label });
    case 'revoke-key':
      return api(`/keys/${act.id}/revoke`);
    case 'disable-agent':
      return api(`/agents/default/${act.agent}/disable`);
    case 'put-secret':
      return put(url, admin, act, traceId);
    case 'disable-secret':
      return api(`/secrets/default/${act.name}/disable`);
  }
}

function put(url: string, key: string, { how, name, value }: PutSecret, traceId: string): Promise<Response> {
  const secret = `${url}/api/v1/secrets/default/${name}`;
  const material = { kind: 'bearer', token: value };
  if (how === 'rotate') {
    return request(`${secret}/rotate`, 'POST', key, traceId, { material, overlapSeconds: 0 });
  }
  const condition: Readonly<Record<string, string>> = how === 'make' ? { 'If-None-Match': '*' } : { 'If-Match': '*' };
  return request(secret, 'PUT', key, traceId, { material }, condition);
}

type PutSecret = Extract<Act, { readonly kind: 'put-secret' }>;

function request(
  url: string,
  method: string,
  key: string,
  traceId: string,
  body?: object,
  condition?: Readonly<Record<string, string>>,
): Promise<Response> {
  return fetch(url, {
    method,
    headers: {
      Authorization: `Bearer ${key}`,
      traceparent: `00-${traceId}-00f067aa0ba902b7-01`,
      ...condition,
      ...(body !== undefined && { 'Content-Type': 'application/json' }),
    },
    ...(body !== undefined && { body: JSON.stringify(body) }),
  });
}
