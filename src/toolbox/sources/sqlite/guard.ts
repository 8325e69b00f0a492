import { constants, type DatabaseSync } from 'node:sqlite';

// What an action is called, and what a tool's author does instead. Each of these outlives the
// statement: it would hold for whoever is served on the same connection next, or opens another file.
const REFUSED_ACTIONS = new Map<number, string>([
  [constants.SQLITE_ATTACH, '`ATTACH` and `VACUUM` are refused: they open another database file'],
  [constants.SQLITE_DETACH, '`DETACH` is refused'],
  [constants.SQLITE_TRANSACTION, 'transactions are refused: a call is one statement, which is atomic by itself'],
  [constants.SQLITE_SAVEPOINT, 'savepoints are refused: a call is one statement, which is atomic by itself'],
  ...[
    constants.SQLITE_CREATE_TEMP_INDEX,
    constants.SQLITE_CREATE_TEMP_TABLE,
    constants.SQLITE_CREATE_TEMP_TRIGGER,
    constants.SQLITE_CREATE_TEMP_VIEW,
  ].map((action) => [action, 'temporary tables, views and triggers are refused: calls share connections'] as const),
]);

// Pragmas that only tell, whatever their argument.
const TELLING_PRAGMAS = new Set([
  'collation_list',
  'compile_options',
  'foreign_key_check',
  'foreign_key_list',
  'function_list',
  'index_info',
  'index_list',
  'index_xinfo',
  'integrity_check',
  'module_list',
  'pragma_list',
  'quick_check',
  'table_info',
  'table_list',
  'table_xinfo',
]);
// Pragmas that tell when they are given nothing, and set otherwise.
const READABLE_PRAGMAS = new Set([
  'application_id',
  'auto_vacuum',
  'cache_size',
  'data_version',
  'encoding',
  'foreign_keys',
  'freelist_count',
  'journal_mode',
  'page_count',
  'page_size',
  'schema_version',
  'synchronous',
  'user_version',
]);
// Pragmas that change the file, not the connection: writes like any other.
const WRITING_PRAGMAS = new Set(['application_id', 'incremental_vacuum', 'optimize', 'user_version', 'wal_checkpoint']);

const REFUSED_FUNCTIONS = new Set(['load_extension', 'fts3_tokenizer']);
// They tell what another caller did on the same connection. Inside a trigger they tell of the
// statement itself, and triggers need them.
const FUNCTIONS_OF_THE_CONNECTION = new Set(['last_insert_rowid', 'changes', 'total_changes']);

const ROW_WRITES = new Set<number>([constants.SQLITE_INSERT, constants.SQLITE_UPDATE, constants.SQLITE_DELETE]);
const SCHEMA_WRITES = new Set<number>([
  constants.SQLITE_ALTER_TABLE,
  constants.SQLITE_ANALYZE,
  constants.SQLITE_CREATE_INDEX,
  constants.SQLITE_CREATE_TABLE,
  constants.SQLITE_CREATE_TRIGGER,
  constants.SQLITE_CREATE_VIEW,
  constants.SQLITE_CREATE_VTABLE,
  constants.SQLITE_DROP_INDEX,
  constants.SQLITE_DROP_TABLE,
  constants.SQLITE_DROP_TRIGGER,
  constants.SQLITE_DROP_VIEW,
  constants.SQLITE_DROP_VTABLE,
  constants.SQLITE_REINDEX,
]);

/**
 * What no statement may do on a connection that calls share, enforced by SQLite itself: it asks for
 * every action while it compiles (https://sqlite.org/c3ref/set_authorizer.html), so that no spelling
 * of the text gets around it.
 */
export class Guard {
  /** Why the last statement was refused, where the guard refused it. */
  refusal: { readonly message: string; readonly readOnly: boolean } | undefined;
  #paused = false;
  #readOnly = false;
  #rowWrites = false;
  #schemaWrites = false;

  constructor(database: DatabaseSync) {
    database.setAuthorizer((action, first, second, schema, trigger) => {
      const message = this.#refuse(action, first, second, schema, trigger);
      if (message === undefined) return constants.SQLITE_OK;
      this.refusal ??= { message, readOnly: message === READ_ONLY_PRAGMA };
      return constants.SQLITE_DENY;
    });
  }

  /** To be called before each statement. */
  begin(readOnly: boolean): void {
    this.refusal = undefined;
    this.#readOnly = readOnly;
    this.#rowWrites = false;
    this.#schemaWrites = false;
  }

  /** Lets statements of our own pass. */
  pause<Value>(own: () => Value): Value {
    this.#paused = true;
    try {
      return own();
    } finally {
      this.#paused = false;
    }
  }

  /** Whether SQLite's count of changed rows is this statement's: a CREATE leaves an earlier one's. */
  get changesRows(): boolean {
    return this.#rowWrites && !this.#schemaWrites;
  }

  #refuse(
    action: number,
    first: string | null,
    second: string | null,
    schema: string | null,
    trigger: string | null,
  ): string | undefined {
    if (this.#paused) return undefined;
    if (ROW_WRITES.has(action)) this.#rowWrites = true;
    if (SCHEMA_WRITES.has(action)) this.#schemaWrites = true;
    if (action === constants.SQLITE_PRAGMA) return this.#refusePragma((first ?? '').toLowerCase(), second);
    if (action === constants.SQLITE_FUNCTION) return refuseFunction((second ?? '').toLowerCase(), trigger);
    // `CREATE TABLE temp.x` does not count as the creation of a temporary table, and `CREATE TRIGGER
    // temp.x` names the schema of the table; what gives every spelling away is the row that it adds.
    if (schema === 'temp' && (SCHEMA_WRITES.has(action) || action === constants.SQLITE_INSERT)) {
      return REFUSED_ACTIONS.get(constants.SQLITE_CREATE_TEMP_TABLE);
    }
    return REFUSED_ACTIONS.get(action);
  }

  #refusePragma(name: string, argument: string | null): string | undefined {
    if (TELLING_PRAGMAS.has(name)) return undefined;
    if (READABLE_PRAGMAS.has(name) && argument === null) return undefined;
    if (!WRITING_PRAGMAS.has(name)) {
      return `\`PRAGMA ${name}\` is refused: it would hold for the connection, which calls share`;
    }
    return this.#readOnly ? READ_ONLY_PRAGMA : undefined;
  }
}

const READ_ONLY_PRAGMA = 'this pragma writes, and the call is read-only';

function refuseFunction(name: string, trigger: string | null): string | undefined {
  if (REFUSED_FUNCTIONS.has(name)) return `the function \`${name}\` is refused`;
  if (FUNCTIONS_OF_THE_CONNECTION.has(name) && trigger === null) {
    return `the function \`${name}\` is refused: it tells of another call; write \`RETURNING\` instead`;
  }
  return undefined;
}
