/**
 * From configuration to what opens a connection: address, TLS, and the run-time parameters that the
 * session starts with. `queryParams` follows pgx, whose URLs Toolbox's files carry: some names are
 * the client's own, every other one is a parameter of the server.
 */
import { Secret } from '#kernel';
import { ConfigurationFault } from '../../tools/tool-type.ts';
import type { SslConfig, SslMode } from '../tls-options.ts';
import type { PostgresConfig } from './config.ts';

export interface SessionSettings {
  readonly ssl: SslConfig;
  readonly applicationName: string;
  readonly connectTimeoutMs: number;
  /** The `options` of the startup packet: `-c name=value …`. What RESET and DISCARD return to. */
  readonly options: string;
  /**
   * The same as a statement, for poolers that refuse `options` (PgBouncer); undefined when
   * `queryParams.options` was given, which only the startup packet can carry.
   */
  readonly setup: string | undefined;
  readonly namedStatements: boolean;
  readonly poolSize: number;
}

type SessionConfig = Pick<
  PostgresConfig,
  'queryParams' | 'queryExecMode' | 'connectTimeout' | 'poolSize' | 'statementTimeout' | 'readOnly' | 'ssl'
>;

const SSL_FIELDS = { sslrootcert: 'ca', sslcert: 'cert', sslkey: 'key' } as const;

/** pgx's own settings of its pool and caches, which have no counterpart here or are fixed. */
const WITHOUT_EFFECT = new Set([
  'pool_min_conns',
  'pool_max_conn_lifetime',
  'pool_max_conn_lifetime_jitter',
  'pool_max_conn_idle_time',
  'pool_health_check_period',
  'statement_cache_capacity',
  'description_cache_capacity',
  'sslsni',
]);

/** Would point the connection elsewhere than the fields say, or promise what we do not keep. */
const REFUSED = new Set([
  'host',
  'hostaddr',
  'port',
  'user',
  'password',
  'dbname',
  'passfile',
  'service',
  'servicefile',
  'target_session_attrs',
  'sslpassword',
  'sslcrl',
  'sslcrldir',
  'krbsrvname',
  'require_auth',
  'replication',
]);

/** Throws `ConfigurationFault` for parameters that contradict each other or that we do not keep. */
export function sessionSettings(config: SessionConfig): SessionSettings {
  const parameters = new Map(Object.entries(config.queryParams));
  const take = (name: string): string | undefined => {
    const value = parameters.get(name);
    parameters.delete(name);
    return value;
  };
  for (const name of parameters.keys()) {
    if (REFUSED.has(name)) throw fault(name, 'is not supported here', 'Use the fields of the source.');
  }

  const ssl = chooseSsl(config, take);
  const applicationName = take('application_name') ?? take('fallback_application_name') ?? 'chatelaine';
  const execMode = take('default_query_exec_mode') ?? config.queryExecMode;
  const connectTimeoutMs = wholeNumber('connect_timeout', take('connect_timeout'), 1000) ?? config.connectTimeout;
  const poolSize = wholeNumber('pool_max_conns', take('pool_max_conns'), 1) ?? config.poolSize;
  const options = take('options');
  for (const name of WITHOUT_EFFECT) parameters.delete(name);

  // Dates are read from text, so their text must not depend on the role's or the server's taste.
  const session = new Map([['DateStyle', 'ISO']]);
  if (config.statementTimeout !== undefined) session.set('statement_timeout', String(config.statementTimeout));
  if (config.readOnly === true) session.set('default_transaction_read_only', 'on');
  return {
    ssl,
    applicationName,
    connectTimeoutMs,
    poolSize,
    // Ours last: the server takes the last one that is said.
    options: [options ?? '', ...[...parameters, ...session].map(([name, value]) => option(name, value))]
      .join(' ')
      .trim(),
    setup: options === undefined ? setup([...parameters, ...session]) : undefined,
    namedStatements: execMode === 'cache_statement',
  };
}

function chooseSsl(config: SessionConfig, take: (name: string) => string | undefined): SslConfig {
  const mode = take('sslmode');
  const serverName = take('sslservername');
  const files = Object.entries(SSL_FIELDS).flatMap(([name, field]) => {
    const value = take(name);
    if (value === undefined || value === '') return [];
    return [[field, field === 'ca' ? value : new Secret(value)] as const];
  });
  if (config.ssl) {
    if (mode !== undefined || files.length > 0) {
      throw fault('sslmode', 'contradicts the `ssl` block', 'Say it in `ssl` alone.');
    }
    return config.ssl;
  }
  return {
    mode: sslMode(mode ?? 'prefer'),
    ...Object.fromEntries(files),
    ...(serverName === undefined ? {} : { serverName }),
  };
}

function sslMode(mode: string): SslMode {
  switch (mode) {
    case 'disable':
    case 'prefer':
    case 'require':
    case 'verify-ca':
    case 'verify-full':
      return mode;
    // libpq's `allow` tries without TLS first; with TLS first is no weaker and needs no mode of its own.
    case 'allow':
      return 'prefer';
    default:
      throw fault('sslmode', `is \`${mode}\``, 'Use disable, prefer, require, verify-ca or verify-full.');
  }
}

function wholeNumber(name: string, text: string | undefined, factor: number): number | undefined {
  if (text === undefined || text === '0') return undefined;
  if (!/^\d{1,6}$/.test(text)) throw fault(name, `is \`${text}\``, 'Use a whole number.');
  return Number(text) * factor;
}

/** One `-c` of the server's command line, in which a backslash quotes a blank or itself. */
function option(name: string, value: string): string {
  if (!/^[A-Za-z_][A-Za-z0-9_.]*$/.test(name)) throw fault(name, 'is no parameter name', 'Correct it.');
  return `-c ${name}=${value.replaceAll(/[\\\s]/g, (character) => `\\${character}`)}`;
}

function setup(parameters: readonly (readonly [name: string, value: string])[]): string {
  const literal = (text: string): string => `'${text.replaceAll("'", "''")}'`;
  return `SELECT ${parameters.map(([name, value]) => `set_config(${literal(name)}, ${literal(value)}, false)`).join(', ')}`;
}

function fault(name: string, what: string, hint: string): ConfigurationFault {
  return new ConfigurationFault(['queryParams', name], `\`queryParams.${name}\` ${what}`, hint);
}
