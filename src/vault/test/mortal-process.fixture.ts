import { setImmediate as nextTurn } from 'node:timers/promises';
import type { KyselyPlugin } from 'kysely';
import { silentLogger, systemClock } from '#kernel';
import { forgetfulLedger } from '#contract';
import { openDatabase, type Database } from '#db';
import { namespaceScope, openVault, parseSecretMaterial, sameNamespace, type WrapperSettings } from '#vault';

// A process for tests, on a vault whose data directory has `one.key` and will have `two.key`:
//   steps FILE ONE TWO N   changes everything once, in a fixed order, and kills itself before statement N
//   load FILE ONE TWO      writes, rotates and rewraps without end, and says which writes are acknowledged
const [mode, file = '', one = '', two = '', dieAt = '0'] = process.argv.slice(2);

let left = Number(dieAt);

/** Dies as by `kill -9` before the statement, in the middle of whatever transaction is open. */
const mortal: KyselyPlugin = {
  transformQuery: ({ node }) => {
    if (--left === 0) process.kill(process.pid, 'SIGKILL');
    return node;
  },
  transformResult: async ({ result }) => result,
};

const keyFile = (path: string): WrapperSettings => ({ type: 'file', file: path });
const record = async (): Promise<void> => {};
const password = (text: string) => parseSecretMaterial({ kind: 'password', password: text });

const opened = await openDatabase({ file, clock: systemClock });
const db = mode === 'steps' ? opened.db.withPlugin(mortal) : opened.db;
const database: Database = {
  ...opened,
  db,
  // As the database does it, through the plugin.
  transaction: (work) => (mode === 'steps' ? db.transaction().execute(work) : opened.transaction(work)),
};
const vault = await openVault({
  database,
  clock: systemClock,
  log: silentLogger,
  mayUse: sameNamespace,
  ledger: forgetfulLedger,
  wrapper: keyFile(two),
  previousWrappers: [keyFile(one)],
});

if (mode === 'steps') {
  await vault.rotate(namespaceScope('default'), record);
  await vault.secrets.rotate(
    { namespace: 'default', name: 's0', material: password('value 0'), overlapMs: 60_000 },
    record,
  );
  await vault.rewrap();
  await vault.eraseSubject('ana', record);
  await vault.secrets.delete({ namespace: 'default', name: 'doomed' }, record);
} else {
  const write = async (): Promise<void> => {
    for (let count = 0; ; count++) {
      const name = `w${count % 7}`;
      await vault.secrets.rotate(
        { namespace: 'default', name, material: password(`${name} ${count}`), overlapMs: 0 },
        record,
      );
      process.stdout.write(`${name} ${count}\n`);
      await nextTurn();
    }
  };
  const maintain = async (): Promise<void> => {
    for (;;) {
      await vault.rotate(namespaceScope('default'), record);
      await vault.rewrap();
      await nextTurn();
    }
  };
  await Promise.all([write(), maintain()]);
}
vault.close();
await opened.close();
