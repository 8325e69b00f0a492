import { callDeadline } from '../call-deadline.ts';
import { ConnectionPool } from '../connection-pool.ts';
import { pooledCall } from '../pooled-call.ts';
import { toolboxError } from '../../errors.ts';
import { referencesOf } from '../../secrets/index.ts';
import { checkAnswers, IDLE_MS, serverPlace, statementComment } from '../sql-server.ts';
import type { QueryLimits, RowSet, SourceContext, SqlQuery, SqlSource } from '../source.ts';
import type { PostgresSettings } from './config.ts';
import { PostgresConnection } from './connection.ts';
import type { WorkCounts } from './dial.ts';
import { postgresDialect } from './dialect.ts';
import { statementFault, unreachable } from './faults.ts';
import { sessionSettings, type SessionSettings } from './session-settings.ts';
import type { Exchanged } from './statement-exchange.ts';

/** PostgreSQL, or what speaks its protocol, as a source of SQL. Opens connections when first asked. */
export class PostgresSource implements SqlSource {
  readonly type: string;
  readonly dialect = postgresDialect;
  readonly readOnly: boolean;
  readonly egress: readonly string[];
  readonly counts: WorkCounts = { connections: 0, parses: 0 };
  readonly #config: PostgresSettings;
  readonly #session: SessionSettings;
  readonly #pool: ConnectionPool<PostgresConnection>;
  readonly #target: string;
  readonly #comment: string;

  constructor(type: string, config: PostgresSettings, context: Pick<SourceContext, 'name' | 'directory' | 'secrets'>) {
    this.type = type;
    this.readOnly = config.readOnly === true;
    const place = serverPlace('postgres', config);
    this.egress = place.egress;
    this.#config = config;
    this.#session = sessionSettings(config);
    this.#target = place.target;
    this.#comment = statementComment(config.sqlCommenter, context.name);
    const dialer = {
      config,
      session: this.#session,
      directory: context.directory,
      secrets: context.secrets,
      counts: this.counts,
      withOptions: true,
    };
    this.#pool = new ConnectionPool({
      name: context.name,
      size: this.#session.poolSize,
      idleMs: IDLE_MS,
      stamp: context.secrets.stamp([...referencesOf(config), this.#session.ssl.cert, this.#session.ssl.key]),
      open: async (signal) => {
        try {
          return await PostgresConnection.open(dialer, signal);
        } catch (error) {
          signal.throwIfAborted();
          throw unreachable(this.#target, error);
        }
      },
    });
  }

  async query(query: SqlQuery, limits: QueryLimits): Promise<RowSet> {
    if (query.text.includes('\0')) throw toolboxError('SQL_FAILED', 'the statement has a NUL character in it');
    const timeoutMs = Math.min(limits.timeoutMs, this.#config.timeoutMs ?? limits.timeoutMs);
    const deadline = callDeadline({ signal: limits.signal, timeoutMs });
    const fixed = query.fixed === true;
    try {
      const answer = await pooledCall({
        pool: this.#pool,
        deadline,
        run: async (connection) =>
          connection.run(this.#comment + query.text, query.values, {
            keep: fixed && this.#session.namedStatements,
            readOnly: limits.readOnly || this.readOnly,
            maxRows: Math.min(limits.maxRows, this.#config.maxRows ?? limits.maxRows),
            maxBytes: limits.maxBytes,
          }),
        mayLeaveTraces: (given) => !fixed || (given !== undefined && mayLeaveTraces(query.text, given.tag)),
        translate: (error) => statementFault(this.#target, error, this.#config.statementTimeout),
      });
      return rowSet(answer);
    } finally {
      deadline.clear();
    }
  }

  async check(signal: AbortSignal): Promise<void> {
    await checkAnswers(this, {
      ...{ signal, timeoutMs: this.#session.connectTimeoutMs },
      unreachable: (cause) => unreachable(this.#target, cause),
    });
  }

  async close(): Promise<void> {
    await this.#pool.close();
  }
}

function rowSet({ collector, tag, shape }: Exchanged): RowSet {
  const changed = shape === 'none' ? /^(?:INSERT \d+|UPDATE|DELETE|MERGE|COPY) (\d+)$/.exec(tag)?.[1] : undefined;
  return {
    rows: collector.rows,
    ...(collector.truncated === undefined ? {} : { truncated: collector.truncated }),
    ...(changed === undefined ? {} : { affected: Number(changed) }),
  };
}

const DATA_TAGS = /^(?:(?:SELECT|INSERT|UPDATE|DELETE|MERGE|EXPLAIN|SHOW|REFRESH|TRUNCATE)\b|$)/;
const SESSION_WORDS = /set_config|advisory|\btemp(?:orary)?\b/i;

/**
 * Whether an author's own statement may have changed the session beyond its transaction. The author
 * is trusted: this keeps sessions tidy. A caller's statement is never judged, always reset.
 */
function mayLeaveTraces(text: string, tag: string): boolean {
  return !DATA_TAGS.test(tag) || SESSION_WORDS.test(text);
}
