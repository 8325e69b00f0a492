import type { AfterRestore } from '#db';

/** Keys that were revoked and agents that were disabled since the backup stay so. */
export const identityAfterRestore: AfterRestore = {
  module: 'identity',
  async replay(trx, ends) {
    let changed = 0n;
    for (const [id, at] of ends('key.revoked')) {
      const result = await trx
        .updateTable('api_keys')
        .set({ revoked_at: at })
        .where('id', '=', id)
        .where('revoked_at', 'is', null)
        .executeTakeFirst();
      changed += result.numUpdatedRows;
    }
    for (const [id, at] of ends('agent.disabled')) {
      const result = await trx
        .updateTable('agents')
        .set({ disabled_at: at })
        .where('id', '=', id)
        .where('disabled_at', 'is', null)
        .executeTakeFirst();
      changed += result.numUpdatedRows;
    }
    return Number(changed);
  },
};
