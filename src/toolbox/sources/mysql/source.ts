import { toolboxError } from '../../errors.ts';
import { referencesOf } from '../../secrets/index.ts';
import { callDeadline } from '../call-deadline.ts';
import { ConnectionPool } from '../connection-pool.ts';
import { pooledCall } from '../pooled-call.ts';
import { checkAnswers, IDLE_MS, serverPlace, statementComment } from '../sql-server.ts';
import type { QueryLimits, RowSet, SourceContext, SqlQuery, SqlSource } from '../source.ts';
import type { MysqlConfig } from './config.ts';
import { MysqlConnection } from './connection.ts';
import type { WorkCounts } from './dial.ts';
import { mysqlDialect } from './dialect.ts';
import { statementFault, unreachable } from './faults.ts';
import { sessionSettings, type SessionSettings } from './session-settings.ts';

/** MySQL or MariaDB as a source of SQL. Opens connections when first asked. */
export class MysqlSource implements SqlSource {
  readonly type: string;
  readonly dialect = mysqlDialect;
  readonly readOnly: boolean;
  readonly egress: readonly string[];
  readonly counts: WorkCounts = { connections: 0, prepares: 0 };
  readonly #session: SessionSettings;
  readonly #pool: ConnectionPool<MysqlConnection>;
  readonly #target: string;
  readonly #comment: string;

  constructor(type: string, config: MysqlConfig, context: Pick<SourceContext, 'name' | 'directory' | 'secrets'>) {
    this.type = type;
    this.readOnly = config.readOnly === true;
    const place = serverPlace('mysql', config);
    this.egress = place.egress;
    this.#session = sessionSettings(config);
    this.#target = place.target;
    this.#comment = statementComment(config.sqlCommenter, context.name);
    const { directory, secrets } = context;
    const dialer = { config, session: this.#session, directory, secrets, counts: this.counts };
    this.#pool = new ConnectionPool({
      name: context.name,
      size: config.poolSize,
      idleMs: IDLE_MS,
      stamp: context.secrets.stamp([...referencesOf(config), this.#session.ssl.cert, this.#session.ssl.key]),
      open: async (signal) => {
        try {
          return await MysqlConnection.open(dialer, signal);
        } catch (error) {
          signal.throwIfAborted();
          throw unreachable(this.#target, error);
        }
      },
    });
  }

  async query(query: SqlQuery, limits: QueryLimits): Promise<RowSet> {
    if (query.text.includes('\0')) throw toolboxError('SQL_FAILED', 'the statement has a NUL character in it');
    const timeoutMs = Math.min(limits.timeoutMs, this.#session.queryTimeoutMs ?? limits.timeoutMs);
    const deadline = callDeadline({ signal: limits.signal, timeoutMs });
    try {
      const { collector, affected } = await pooledCall({
        pool: this.#pool,
        deadline,
        run: async (connection) =>
          connection.run(this.#comment + query.text, query.values, {
            readOnly: limits.readOnly || this.readOnly,
            maxRows: limits.maxRows,
            maxBytes: limits.maxBytes,
          }),
        mayLeaveTraces: () => query.fixed !== true || mayLeaveTraces(query.text),
        translate: (error) => statementFault(this.#target, error),
      });
      return {
        rows: collector.rows,
        ...(collector.truncated === undefined ? {} : { truncated: collector.truncated }),
        ...(affected === undefined ? {} : { affected }),
      };
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

const DATA_STATEMENT =
  /^\s*\(*\s*(?:select|with|insert|replace|update|delete|show|explain|desc|describe|table|values|truncate)\b/i;
const SESSION_WORDS = /get_lock|\btemporary\b|@|last_insert_id\s*\(\s*\S+\s*\)/i;

/**
 * Whether an author's own statement may have changed the session beyond its transaction. The author
 * is trusted: this keeps sessions tidy. A caller's statement is never judged, always reset.
 */
function mayLeaveTraces(text: string): boolean {
  return !DATA_STATEMENT.test(text) || SESSION_WORDS.test(text);
}
