/**
 * `queryParams` follows the Go driver, whose addresses Toolbox's files carry: some names are the
 * driver's own, every other one is a session variable, its value written as SQL writes it.
 */
import { parseDuration } from '#kernel';
import { ConfigurationFault } from '../../tools/tool-type.ts';
import type { SslConfig } from '../tls-options.ts';
import type { MysqlConfig } from './config.ts';
import { mysqlDialect } from './dialect.ts';

export interface SessionSettings {
  readonly ssl: SslConfig;
  readonly connectTimeoutMs: number;
  readonly queryTimeoutMs: number | undefined;
  readonly charset: string;
  readonly cleartextPassword: boolean;
  /** Statements that give a new or reset session its variables. */
  readonly setup: readonly string[];
}

type SessionConfig = Pick<
  MysqlConfig,
  'database' | 'queryParams' | 'ssl' | 'connectTimeout' | 'queryTimeout' | 'readOnly'
>;

/** What the Go driver makes of rows, and its caution with several statements: fixed here, or without counterpart. */
const WITHOUT_EFFECT = new Set([
  'allowAllFiles',
  'allowFallbackToPlaintext',
  'allowNativePasswords',
  'allowOldPasswords',
  'checkConnLiveness',
  'clientFoundRows',
  'columnsWithAlias',
  'compress',
  'connectionAttributes',
  'interpolateParams',
  'loc',
  'maxAllowedPacket',
  'multiStatements',
  'parseTime',
  'rejectReadOnly',
  'serverPubKey',
  'timeTruncate',
  'writeTimeout',
]);

/** A literal as SQL writes it: quoted without quotes or backslashes inside, a number, or a word. */
const LITERAL = /^(?:'[^'\\]*'|"[^"\\]*"|[\w.+-]+)$/;

/** Throws `ConfigurationFault` for parameters that contradict each other or say nothing. */
export function sessionSettings(config: SessionConfig): SessionSettings {
  const parameters = new Map(Object.entries(config.queryParams).filter(([, value]) => value !== ''));
  const take = (name: string): string | undefined => {
    const value = parameters.get(name);
    parameters.delete(name);
    return value;
  };
  const ssl = chooseSsl(config.ssl, take('tls'));
  const connectTimeoutMs = duration('timeout', take('timeout')) ?? config.connectTimeout;
  const queryTimeoutMs = duration('readTimeout', take('readTimeout')) ?? config.queryTimeout;
  const charset = take('charset')?.split(',')[0] ?? 'utf8mb4';
  const collation = take('collation');
  const cleartextPassword = take('allowCleartextPasswords') === 'true';
  for (const name of WITHOUT_EFFECT) parameters.delete(name);

  for (const [name, value] of [
    ['charset', charset],
    ['collation', collation ?? 'x'],
  ] as const) {
    if (!/^\w+$/.test(value)) throw fault(name, `is \`${value}\``, 'Use a name such as utf8mb4.');
  }
  return {
    ssl,
    connectTimeoutMs,
    queryTimeoutMs,
    charset,
    cleartextPassword,
    setup: [
      // A reset session keeps the database of the last USE.
      ...(config.database === '' ? [] : [`USE ${mysqlDialect.quoteIdentifier(config.database, { bare: false })}`]),
      `SET NAMES ${charset}${collation === undefined ? '' : ` COLLATE ${collation}`}`,
      ...[...parameters].map(([name, value]) => variable(name, value)),
      // Beside the transaction of each call: what somehow ends it still meets a session that only reads.
      ...(config.readOnly === true ? ['SET SESSION TRANSACTION READ ONLY'] : []),
    ],
  };
}

function chooseSsl(ssl: SslConfig | undefined, tls: string | undefined): SslConfig {
  if (ssl) {
    if (tls !== undefined) throw fault('tls', 'contradicts the `ssl` block', 'Say it in `ssl` alone.');
    return ssl;
  }
  switch (tls) {
    case undefined:
    case 'preferred':
      return { mode: 'prefer' };
    case 'false':
      return { mode: 'disable' };
    case 'skip-verify':
      return { mode: 'require' };
    case 'true':
      return { mode: 'verify-full' };
    default:
      throw fault('tls', `is \`${tls}\``, 'Use true, false, skip-verify or preferred, or the `ssl` block.');
  }
}

function duration(name: string, text: string | undefined): number | undefined {
  if (text === undefined) return undefined;
  const ms = parseDuration(text);
  if (ms === undefined) throw fault(name, `is \`${text}\``, 'Write a duration like `30s`.');
  return ms;
}

function variable(name: string, value: string): string {
  if (!/^\w+$/.test(name)) throw fault(name, 'is no variable name', 'Correct it.');
  if (!LITERAL.test(value)) throw fault(name, `is \`${value}\``, "Write it as SQL does: a number, a word, or 'text'.");
  return `SET SESSION ${name} = ${value}`;
}

function fault(name: string, what: string, hint: string): ConfigurationFault {
  return new ConfigurationFault(['queryParams', name], `\`queryParams.${name}\` ${what}`, hint);
}
