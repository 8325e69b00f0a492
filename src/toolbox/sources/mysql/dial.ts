/** Opens connections. The driver is loaded here, on first use. */
import { isIP } from 'node:net';
import { connect as connectTls, type ConnectionOptions } from 'node:tls';
import { reveal } from '#kernel';
import { sqlLogin, type SourceSecrets, type SqlLogin } from '../../secrets/index.ts';
import { tlsOptions } from '../tls-options.ts';
import type { MysqlConfig } from './config.ts';
import type { TypedParameters } from './encode.ts';
import type { SessionSettings } from './session-settings.ts';
import type { WireConnection } from './wire.ts';

/** Work that a warm source does not do; benchmarks hold it to zero. */
export interface WorkCounts {
  connections: number;
  /** Statements that the server had to read. */
  prepares: number;
}

export interface Dialer {
  readonly config: MysqlConfig;
  readonly session: SessionSettings;
  /** Where relative certificate paths start. */
  readonly directory: string;
  readonly secrets: SourceSecrets;
  readonly counts: WorkCounts;
}

/** The driver's code when TLS is wanted and the server has none. */
const NO_TLS = 'HANDSHAKE_NO_SSL_SUPPORT';
/** Statements kept prepared on a connection; the one longest unused makes room. */
const MOST_PREPARED = 500;

/**
 * A connection past its login. Rejects with the driver's error or the signal's reason. With `prefer`,
 * a server without TLS is used without.
 */
export async function dial(
  dialer: Dialer,
  signal: AbortSignal,
): Promise<{ readonly connection: WireConnection; readonly typed: TypedParameters }> {
  const credential = await sqlLogin(dialer.config, dialer.secrets);
  const wanted = await tlsFor(dialer, credential);
  try {
    return await login(dialer, credential, wanted, signal);
  } catch (error) {
    const mayBePlain = dialer.session.ssl.mode === 'prefer' && credential.certificate === undefined;
    const plain = mayBePlain && (error as { code?: unknown }).code === NO_TLS;
    if (!plain) throw error;
    return login(dialer, credential, undefined, signal);
  }
}

async function login(
  dialer: Dialer,
  credential: SqlLogin,
  tls: ConnectionOptions | undefined,
  signal: AbortSignal,
): Promise<{ readonly connection: WireConnection; readonly typed: TypedParameters }> {
  signal.throwIfAborted();
  const { config, session } = dialer;
  const { default: mysql } = await import('mysql2');
  const connection = mysql.createConnection({
    ...(isSocket(dialer) ? { socketPath: config.host } : { host: config.host, port: config.port }),
    user: credential.user,
    password: reveal(credential.password),
    ...(config.database === '' ? {} : { database: config.database }),
    charset: session.charset,
    connectTimeout: session.connectTimeoutMs,
    connectAttributes: { program_name: 'chatelaine' },
    enableCleartextPlugin: session.cleartextPassword,
    maxPreparedStatements: MOST_PREPARED,
    // One statement a text, and no file of ours for a server that asks for one.
    multipleStatements: false,
    flags: ['-LOCAL_FILES'],
    // What JavaScript cannot hold arrives as text.
    ...{ supportBigNumbers: true, bigNumberStrings: true, dateStrings: true, jsonStrings: true },
    rowsAsArray: true,
    ...(tls ? { ssl: {} } : {}),
  }) as unknown as WireConnection;
  if (tls) upgradeOurselves(connection, tls, session.ssl.serverName ?? config.host);
  connection.on('error', () => undefined);
  const leave = (): void => void connection.stream.destroy();
  signal.addEventListener('abort', leave, { once: true });
  try {
    await new Promise<void>((resolve, reject) => {
      connection.connect((error) => (error ? reject(error) : resolve()));
      connection.stream.once('close', () => reject(new Error('the server closed the connection')));
    });
    signal.throwIfAborted();
    return { connection, typed: mysql.TypedParameter as unknown as TypedParameters };
  } catch (error) {
    connection.stream.destroy();
    signal.throwIfAborted();
    throw error;
  } finally {
    signal.removeEventListener('abort', leave);
  }
}

/**
 * The driver's own upgrade checks the name of a host dialled by address against `localhost`, and has
 * no way to expect another name. The check must come before the password is sent, hence here.
 */
function upgradeOurselves(connection: WireConnection, options: ConnectionOptions, name: string): void {
  connection.startTLS = (onSecure) => {
    connection.stream.removeAllListeners('data');
    const socket = connectTls({
      ...options,
      socket: connection.stream,
      // Server name indication takes no addresses (RFC 6066 section 3).
      ...(isIP(name) === 0 ? { servername: name } : {}),
    });
    let secure = false;
    socket.once('secureConnect', () => {
      secure = true;
      onSecure();
    });
    socket.on('error', (error) => (secure ? connection._handleNetworkError(error) : onSecure(error)));
    socket.on('data', (chunk: Buffer) => connection.packetParser.execute(chunk));
    connection.stream = socket;
  };
}

async function tlsFor(dialer: Dialer, { certificate }: SqlLogin): Promise<ConnectionOptions | undefined> {
  const { ssl } = dialer.session;
  if (ssl.mode === 'disable' || isSocket(dialer)) return undefined;
  const { config, directory, secrets } = dialer;
  return tlsOptions(ssl, { host: config.host, directory, secrets, certificate });
}

function isSocket({ config }: Dialer): boolean {
  return config.host.startsWith('/');
}
