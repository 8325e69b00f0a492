import { join } from 'node:path';
import { logStream, openAuditStore, verifyLog } from '#audit';
import type { AuditRecord } from '#contract';
import { systemClock } from '#kernel';

export interface AuditReport {
  readonly ok: boolean;
  readonly findings: readonly string[];
  readonly records: readonly AuditRecord[];
}

type Storage = Parameters<typeof openAuditStore>[0]['storage'];

/** Verifies the whole log of a data directory and gives its records, as a third party would. */
export async function readAudit(dataDir: string, storage?: Storage): Promise<AuditReport> {
  const { store, signingKey } = await openAuditStore({
    root: join(dataDir, 'audit'),
    clock: systemClock,
    ...(storage && { storage }),
  });
  const records: AuditRecord[] = [];
  async function* noted(items: ReturnType<typeof logStream>): ReturnType<typeof logStream> {
    for await (const group of items) {
      for (const item of group) {
        if (item.kind === 'record') records.push(JSON.parse(item.canonical) as AuditRecord);
      }
      yield group;
    }
  }
  const keys = new Map([[signingKey.id, signingKey.publicKey]]);
  const report = await verifyLog(noted(logStream(store)), { installation: store.installation, keys });
  await store.close();
  return { ok: report.ok, findings: report.findings.map((finding) => JSON.stringify(finding)), records };
}
