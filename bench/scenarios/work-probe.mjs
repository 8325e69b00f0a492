// Loaded into a server by `NODE_OPTIONS=--import`: writes each module that the process loads and each
// statement that it prepares or runs, one JSON object a line, to the file that WORK_RECORD names. The
// product knows nothing of it.
import { appendFileSync } from 'node:fs';
import { registerHooks } from 'node:module';
import { DatabaseSync, StatementSync } from 'node:sqlite';

const file = process.env.WORK_RECORD;
const record = (kind, what) => appendFileSync(file, `${JSON.stringify({ kind, what })}\n`);

registerHooks({
  load(url, context, next) {
    if (url.startsWith('file:')) record('load', url);
    return next(url, context);
  },
});

const { prepare } = DatabaseSync.prototype;
DatabaseSync.prototype.prepare = function (sql, ...rest) {
  record('prepare', sql);
  return prepare.call(this, sql, ...rest);
};

for (const way of ['all', 'get', 'iterate', 'run']) {
  const original = StatementSync.prototype[way];
  StatementSync.prototype[way] = function (...values) {
    record('run', this.sourceSQL);
    return original.apply(this, values);
  };
}
