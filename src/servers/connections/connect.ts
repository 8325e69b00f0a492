/**
 * Opens a connection to a server, whatever it speaks: asks as a stateless client first, and opens a session where the
 * server knows nothing of that (`probe.ts`).
 */
import { ChatelaineError } from '#kernel';
import { ChannelWire } from './channel-wire.ts';
import type { ConversationOptions } from './conversation.ts';
import { connectionError } from './errors.ts';
import { HttpRequests } from './http/http-requests.ts';
import { SessionHttp } from './http/session-http.ts';
import { SseChannel } from './http/sse-channel.ts';
import { StatelessHttp } from './http/stateless-http.ts';
import { judgeProbe, type ProbeAnswer } from './probe.ts';
import { SESSION_VERSIONS, SSE_VERSION, STATELESS_VERSION } from './revision.ts';
import { ServerError, type ServerConnection } from './server-connection.ts';
import { SessionConnection } from './session-connection.ts';
import { StatelessConnection } from './stateless-connection.ts';
import { StdioChannel } from './stdio/stdio-channel.ts';
import type { ConnectionContext, ConnectOptions, HttpTarget, ServerTarget, StdioTarget } from './target.ts';
import { DEFAULT_LIMITS, type Wire, type WireLimits } from './wire.ts';

const PROBE_MS = 5000;
/** The first id of a session: the probe before it had another, and may be answered late. */
const AFTER_PROBE = 10;

/**
 * Connects. Rejects with a catalogued error (`errors.ts`, those of egress and of what authorizes), with `ServerError`
 * where the server refuses by an error of the protocol, or with the signal's reason; nothing is left open then.
 */
export async function connect(
  target: ServerTarget,
  context: ConnectionContext,
  options: ConnectOptions,
): Promise<ServerConnection> {
  options.signal.throwIfAborted();
  const limits = { ...DEFAULT_LIMITS, ...target.limits };
  switch (target.transport) {
    case 'http':
      return await connectHttp(target, context, options, limits);
    case 'sse': {
      const channel = await SseChannel.open(
        new HttpRequests(target, context.caller),
        limits,
        context.log,
        options.signal,
      );
      return await openSession(new ChannelWire(target.name, channel, context.log), target, context, options, limits);
    }
    case 'stdio':
      return await connectStdio(target, context, options, limits);
  }
}

async function connectHttp(
  target: HttpTarget,
  context: ConnectionContext,
  options: ConnectOptions,
  limits: WireLimits,
): Promise<ServerConnection> {
  const requests = new HttpRequests(target, context.caller);
  const era = eraOf(target, options);
  if (era !== 'session') {
    const wire = new StatelessHttp(requests, limits, context.log);
    const connection = new StatelessConnection(conversation(target, wire, context, limits), options);
    if (options.known?.era === 'stateless') return connection;
    if (await isStateless(connection, target, options.signal)) return connection;
  }
  return await openSession(new SessionHttp(requests, limits, context.log), target, context, options, limits);
}

async function connectStdio(
  target: StdioTarget,
  context: ConnectionContext,
  options: ConnectOptions,
  limits: WireLimits,
): Promise<ServerConnection> {
  const era = eraOf(target, options);
  const channel = await StdioChannel.start(target, limits.maxMessageBytes, context.clock, context.log);
  const wire = new ChannelWire(target.name, channel, context.log);
  if (era === 'session') return await openSession(wire, target, context, options, limits);
  const connection = new StatelessConnection(conversation(target, wire, context, limits), options);
  if (options.known?.era === 'stateless') return connection;
  try {
    // A server of the session era may say nothing at all to what it does not know (MCP 2026-07-28, stdio).
    if (await isStateless(connection, target, options.signal, target.probeMs ?? PROBE_MS)) return connection;
  } catch (error) {
    await connection.close();
    throw error;
  }
  return await openSession(wire, target, context, options, limits);
}

/** Attaches a session to the wire and initializes it; closes the wire where that fails. */
async function openSession(
  wire: Wire,
  target: ServerTarget,
  context: ConnectionContext,
  { capabilities, clientInfo, signal }: ConnectOptions,
  limits: WireLimits,
): Promise<ServerConnection> {
  const connection = new SessionConnection({
    ...conversation(target, wire, context, limits),
    firstId: AFTER_PROBE,
    capabilities,
    clientInfo,
    ...(target.transport === 'sse' && { versions: [...SESSION_VERSIONS, SSE_VERSION] }),
    ...(wire instanceof SessionHttp && { agreed: (version) => wire.agreed(version) }),
  });
  try {
    await connection.initialize(signal);
  } catch (error) {
    await connection.close();
    throw error;
  }
  if (wire instanceof SessionHttp) wire.listen();
  return connection;
}

function eraOf({ protocol = 'auto' }: ServerTarget, { known }: ConnectOptions): 'auto' | 'stateless' | 'session' {
  return protocol === 'auto' ? (known?.era ?? 'auto') : protocol;
}

/**
 * Asks the server what it is. True for a stateless one, with `connection` having learned what it said; false for one
 * to open a session with; rejects where it says neither.
 */
async function isStateless(
  connection: StatelessConnection,
  { name, protocol }: ServerTarget,
  signal: AbortSignal,
  withinMs?: number,
): Promise<boolean> {
  let asked = await ask(connection, signal, withinMs);
  let verdict = judgeProbe(asked.answer);
  if (verdict.era === 'again') {
    asked = await ask(connection, signal, withinMs);
    verdict = judgeProbe(asked.answer);
  }
  if (verdict.era === 'stateless') {
    connection.learn(verdict.discovered);
    return true;
  }
  if (verdict.era === 'foreign') {
    const versions = verdict.versions.join(', ') || 'none that it names';
    throw connectionError('SERVER_REVISION_UNKNOWN', `\`${name}\` speaks ${versions}`);
  }
  if (verdict.era === 'session' && protocol !== 'stateless') return false;
  throw asked.failure ?? connectionError('SERVER_REVISION_UNKNOWN', `\`${name}\` does not speak ${STATELESS_VERSION}`);
}

interface Asked {
  readonly answer: ProbeAnswer;
  /** What to fail with, where the answer says nothing. */
  readonly failure?: Error;
}

async function ask(connection: StatelessConnection, signal: AbortSignal, withinMs?: number): Promise<Asked> {
  const silence = withinMs === undefined ? undefined : AbortSignal.timeout(withinMs);
  try {
    const until = silence === undefined ? signal : AbortSignal.any([signal, silence]);
    return { answer: { kind: 'result', result: await connection.discover({ signal: until }) } };
  } catch (failure) {
    if (signal.aborted || !(failure instanceof Error)) throw failure;
    if (silence?.aborted === true) return { answer: { kind: 'silence' }, failure };
    if (failure instanceof ServerError) {
      return { answer: { kind: 'error', code: failure.code, data: failure.data }, failure };
    }
    const status = failure instanceof ChatelaineError ? failure.details?.['status'] : undefined;
    if (typeof status !== 'number') throw failure;
    return { answer: { kind: 'status', status }, failure };
  }
}

const conversation = (
  { name }: ServerTarget,
  wire: Wire,
  { log }: ConnectionContext,
  limits: WireLimits,
): ConversationOptions => ({ server: name, wire, limits, log });
