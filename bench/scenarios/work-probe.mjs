// Loaded into a server by `NODE_OPTIONS=--import`: writes each module that the process loads, each statement
// that it prepares or runs, each signature that it verifies and each evaluation of policies, one JSON object a
// line, to the file that WORK_RECORD names. The product knows nothing of it.
import crypto from 'node:crypto';
import { appendFileSync } from 'node:fs';
import { registerHooks, syncBuiltinESMExports } from 'node:module';
import { DatabaseSync, StatementSync } from 'node:sqlite';

const file = process.env.WORK_RECORD;
const record = (kind, what) => appendFileSync(file, `${JSON.stringify({ kind, what })}\n`);

registerHooks({
  load(url, context, next) {
    if (url.startsWith('file:')) record('load', url);
    const loaded = next(url, context);
    if (!url.endsWith('/cedar_wasm.js')) return loaded;
    const source = typeof loaded.source === 'string' ? loaded.source : Buffer.from(loaded.source).toString();
    return { ...loaded, source: `${source}\nglobalThis.countEvaluations(exports);` };
  },
});

globalThis.countEvaluations = (cedar) => {
  const { statefulIsAuthorized } = cedar;
  cedar.statefulIsAuthorized = (...values) => {
    record('evaluate', 'Cedar');
    return statefulIsAuthorized(...values);
  };
};

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

// By either of Node's two ways.
const { verify } = crypto;
crypto.verify = function (...values) {
  record('verify', 'node:crypto');
  return verify.apply(this, values);
};
syncBuiltinESMExports();
const subtle = Object.getPrototypeOf(crypto.webcrypto.subtle);
const { verify: verifySubtle } = subtle;
subtle.verify = function (...values) {
  record('verify', 'Web Crypto');
  return verifySubtle.apply(this, values);
};
