/** Opens connections, and the second connection that carries a cancel request. The driver is loaded here, on first use. */
import { Socket } from 'node:net';
import type { ConnectionOptions } from 'node:tls';
import { reveal } from '#kernel';
import { sqlLogin, type SourceSecrets, type SqlLogin } from '../../secrets/index.ts';
import { tlsOptions, type SslConfig } from '../tls-options.ts';
import type { PostgresSettings } from './config.ts';
import type { SessionSettings } from './session-settings.ts';
import type { WireClient, WireConnection } from './wire.ts';

/** Work that a warm source does not do; benchmarks hold it to zero. */
export interface WorkCounts {
  connections: number;
  /** Parse messages: statements that the server had to read. */
  parses: number;
}

export interface Dialer {
  readonly config: PostgresSettings;
  readonly session: SessionSettings;
  /** Where relative certificate paths start. */
  readonly directory: string;
  readonly secrets: SourceSecrets;
  readonly counts: WorkCounts;
  /** True until the server, or a pooler in front of it, refused the startup packet's `options`. */
  withOptions: boolean;
}

/** The words of the driver when the server answers the TLS request with `N`. */
const NO_TLS = 'The server does not support SSL connections';

/** PgBouncer's, for a startup packet with more than it passes on. */
const NO_OPTIONS = /unsupported startup parameter/;

export interface Dialled {
  readonly client: WireClient;
  /** How the connection is encrypted, for the one that carries a cancel request; undefined for not at all. */
  readonly tls: ConnectionOptions | undefined;
  /** To be said in every new or discarded session, because the startup packet could not. */
  readonly setup: string | undefined;
}

/**
 * A connected client. Rejects with the driver's error or the signal's reason. With `prefer`, a server
 * without TLS is used without; a pooler that refuses `options` is asked again without them.
 */
export async function dial(dialer: Dialer, signal: AbortSignal): Promise<Dialled> {
  const { ssl, setup } = dialer.session;
  const login = await sqlLogin(dialer.config, dialer.secrets);
  let tls = await tlsFor(dialer, login);
  for (;;) {
    const { withOptions } = dialer;
    try {
      const client = await connect(dialer, login, tls, signal);
      return { client, tls, setup: withOptions ? undefined : setup };
    } catch (error) {
      const { message } = error as Error;
      const mayBePlain = ssl.mode === 'prefer' && login.certificate === undefined;
      if (tls !== undefined && mayBePlain && message === NO_TLS) tls = undefined;
      else if (withOptions && setup !== undefined && NO_OPTIONS.test(message)) dialer.withOptions = false;
      else throw error;
    }
  }
}

/**
 * Asks the server to cancel what a connection runs (manual 54.2.8): a connection of its own that says
 * nothing else. Resolves when the server has taken note, or after `timeoutMs` without an answer.
 */
export async function requestCancel(
  dialer: Dialer,
  target: Pick<Dialled, 'client' | 'tls'>,
  timeoutMs: number,
): Promise<void> {
  const { processID, secretKey } = target.client;
  if (processID === null || secretKey === null) return;
  const { default: pg } = await import('pg');
  const { tls } = target;
  const options = { ssl: tls ?? false, stream: () => socketTo(dialer) };
  const connection = new pg.Connection(options) as unknown as CancelConnection;
  await new Promise<void>((resolve) => {
    const timer = setTimeout(() => connection.stream.destroy(), timeoutMs);
    const send = (): void => connection.cancel(processID, secretKey);
    connection.on('connect', () => (tls ? connection.requestSsl() : send()));
    connection.on('sslconnect', send);
    connection.on('error', () => connection.stream.destroy());
    connection.on('end', () => {
      clearTimeout(timer);
      resolve();
    });
    connection.connect(dialer.config.port, tlsName(dialer));
  });
}

interface CancelConnection {
  readonly stream: WireConnection['stream'];
  connect(port: number, host: string): void;
  requestSsl(): void;
  cancel(processID: number, secretKey: number): void;
  on(event: string, listener: () => void): void;
}

async function connect(
  dialer: Dialer,
  login: SqlLogin,
  tls: ConnectionOptions | undefined,
  signal: AbortSignal,
): Promise<WireClient> {
  signal.throwIfAborted();
  const { config, session } = dialer;
  const { default: pg } = await import('pg');
  // Every field is given, because the driver fills what is missing from the process's environment.
  const client = new pg.Client({
    host: tlsName(dialer),
    port: config.port,
    user: login.user,
    database: config.database,
    password: () => reveal(login.password),
    ssl: tls ?? false,
    sslnegotiation: 'postgres',
    options: session.options,
    application_name: session.applicationName,
    client_encoding: 'UTF8',
    connectionTimeoutMillis: session.connectTimeoutMs,
    keepAlive: true,
    keepAliveInitialDelayMillis: 60_000,
    stream: () => socketTo(dialer),
  }) as unknown as WireClient;
  // An empty text would have the driver look into the environment.
  if (!dialer.withOptions) client.connectionParameters.options = undefined;
  client.on('error', () => undefined);
  const leave = (): void => void client.connection.stream.destroy();
  signal.addEventListener('abort', leave, { once: true });
  try {
    await client.connect();
    signal.throwIfAborted();
    return client;
  } catch (error) {
    client.connection.stream.destroy();
    signal.throwIfAborted();
    throw error;
  } finally {
    signal.removeEventListener('abort', leave);
  }
}

async function tlsFor(
  { config, session, directory, secrets }: Dialer,
  { certificate }: SqlLogin,
): Promise<ConnectionOptions | undefined> {
  // A Unix socket has no wire to protect, and the server offers no TLS on it.
  if (session.ssl.mode === 'disable' || config.host.startsWith('/')) return undefined;
  return tlsOptions(session.ssl satisfies SslConfig, { host: config.host, directory, secrets, certificate });
}

/** The name that the driver sends as SNI; the socket dials `host` whatever it is called. */
function tlsName({ config, session }: Dialer): string {
  return config.host.startsWith('/') ? config.host : (session.ssl.serverName ?? config.host);
}

function socketTo(dialer: Dialer): Socket {
  return new DirectedSocket(dialer.config.host);
}

class DirectedSocket extends Socket {
  readonly #host: string;

  constructor(host: string) {
    super();
    this.#host = host;
  }

  override connect(target: unknown): this {
    return typeof target === 'string' ? super.connect(target) : super.connect(Number(target), this.#host);
  }
}
