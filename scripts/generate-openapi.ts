// Writes docs/reference/openapi.json from the routes of every module; `--check` compares.
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { serverSchema } from '#contract';
import { loadDescription } from '#http';
import { silentLogger, systemClock } from '#kernel';
import { Endings, openApi, openServices, takesRecentProof } from '#main';
import { writeOrCheck } from './generated-file.ts';

const root = join(import.meta.dirname, '..');

/** The routes as a server has them: from real services, over a directory that nobody keeps. */
async function describe(): Promise<Record<string, unknown>> {
  const dataDir = mkdtempSync(join(tmpdir(), 'chatelaine-openapi-'));
  const endings = new Endings();
  const surroundings = { clock: systemClock, log: silentLogger };
  try {
    const settings = serverSchema.parse({ kind: 'server' });
    const services = await openServices({ dataDir, settings, endings, ...surroundings });
    const api = await openApi(services, {
      version: 'VERSION',
      dataDir,
      settings,
      secret: Buffer.alloc(32),
      endings,
      ...surroundings,
    });
    // Without the version: a release must not be a change of the contract.
    const { describeApi } = await loadDescription();
    return describeApi(api.routes, { version: 'VERSION', takesRecentProof });
  } finally {
    await endings.close(silentLogger);
    rmSync(dataDir, { recursive: true, force: true });
  }
}

writeOrCheck(join(root, 'docs', 'reference', 'openapi.json'), `${JSON.stringify(await describe(), null, 2)}\n`);
