/**
 * A process that makes or restores a backup and dies, as by `kill -9`, before the step of the file
 * system that it was told; or one that writes until somebody ends it, and says what was acknowledged.
 */
import { operator } from '#identity';
import fs from 'node:fs';
import { syncBuiltinESMExports } from 'node:module';
import { join } from 'node:path';
import { Secret, silentLogger, systemClock } from '#kernel';
import { serverSchema, type DatabaseSettings } from '#contract';

const [mode = '', directory = '', document = '', file = '', key = '', dieAt = '0'] = process.argv.slice(2);
let left = Infinity;

for (const name of ['renameSync', 'rmSync', 'mkdirSync', 'copyFileSync', 'writeFileSync', 'openSync'] as const) {
  const real = fs[name] as (...args: unknown[]) => unknown;
  Object.assign(fs, {
    [name]: (...args: unknown[]) => {
      if (--left === 0) process.kill(process.pid, 'SIGKILL');
      return real(...args);
    },
  });
}
const { createReadStream, createWriteStream } = fs;
Object.assign(fs, {
  createReadStream: (...args: Parameters<typeof createReadStream>) => {
    if (--left === 0) process.kill(process.pid, 'SIGKILL');
    return createReadStream(...args);
  },
  createWriteStream: (...args: Parameters<typeof createWriteStream>) => {
    if (--left === 0) process.kill(process.pid, 'SIGKILL');
    return createWriteStream(...args);
  },
});
syncBuiltinESMExports();

const { createBackup, FileLedger, parsePrivateKey, parseRecipient, restoreBackup } = await import('#backup');
const { databasePlace, openDatabase } = await import('#db');

const settings: DatabaseSettings = serverSchema.parse({
  kind: 'server',
  database: JSON.parse(document) as object,
}).database;
const place = databasePlace(settings, directory);
const ledgerFolder = join(directory, 'ledger');
const common = { place, dataDirectory: directory, ledgerFolder, clock: systemClock };

// What loading the modules does is none of the steps.
left = Number(dieAt);
if (mode === 'backup') {
  await createBackup({
    ...common,
    ledger: new FileLedger(ledgerFolder, systemClock),
    folder: file,
    recipient: parseRecipient(key),
    version: '1',
  });
} else if (mode === 'restore') {
  await restoreBackup({ ...common, file, opener: parsePrivateKey(new Secret(key)) });
} else {
  const [{ openIdentity }, { openAuditLog }] = await Promise.all([import('#identity'), import('#audit')]);
  const database = await openDatabase({ ...place, clock: systemClock });
  const ledger = new FileLedger(ledgerFolder, systemClock);
  const audit = await openAuditLog({
    root: join(directory, 'audit'),
    clock: systemClock,
    logger: silentLogger,
    ...('postgres' in place && { storage: { settings: place.postgres, database } }),
  });
  const identity = openIdentity({ database, clock: systemClock, log: silentLogger, trail: audit, ledger });
  for (let count = 1; ; count++) {
    const { key } = await identity.keys.create(operator(), { agent: `w${count}` });
    await audit.append({
      class: 'tool-call',
      type: 'tool.call',
      door: 'mcp',
      actor: { kind: 'agent', iss: 'chatelaine', sub: key.agentId, name: key.agent },
      action: 'call',
      outcome: 'success',
    });
    if (count % 5 === 0) await identity.keys.revoke(operator(), key.id);
    if (count % 50 === 0) await audit.checkpoint();
    process.stdout.write(`${count} ${key.id}\n`);
  }
}
process.exit(0);
