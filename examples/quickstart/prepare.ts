/**
 * The quickstart: something worth asking an agent about, running a minute after cloning.
 *
 * `config/` holds the tools as YAML and nothing about this machine: what differs from machine to machine
 * comes in as variables. `prepareQuickstart` makes what they name: `world/` the read-only database of
 * cities and countries, `notebook.ts` the favourites, `sun/` a local HTTP service. It needs nothing of
 * the server's own code, as any application behind a tool would not.
 */
import { mkdirSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { ensureNotebook } from './notebook.ts';
import { startSunService } from './sun/service.ts';
import { ensureWorld } from './world/ensure-world.ts';

export interface QuickstartOptions {
  /** The server's data directory; the quickstart keeps to `quickstart/` in it. */
  readonly dataDir: string;
  /** Called with a line for people while the database is built, which is on the first start. */
  readonly progress: (line: string) => void;
  readonly clock: { now(): number };
}

export interface Quickstart {
  /** The folder of YAML files to load. */
  readonly configFolder: string;
  /** The variables those files name. One of them is a secret: not for the log. */
  readonly environment: Readonly<Record<string, string>>;
  /** Stops the service. The databases stay. */
  stop(): Promise<void>;
}

/** Everything the configuration of the quickstart needs: at once on a second start, in seconds on the first. */
export async function prepareQuickstart({ dataDir, progress, clock }: QuickstartOptions): Promise<Quickstart> {
  const folder = join(dataDir, 'quickstart');
  // The data directory may be made with it: what is in there is nobody else's.
  mkdirSync(folder, { recursive: true, mode: 0o700 });
  const world = join(folder, 'world.db');
  const notebook = join(folder, 'notebook.db');
  await ensureWorld(world, progress);
  ensureNotebook(notebook);
  const sun = await startSunService(clock);
  return {
    configFolder: fileURLToPath(new URL('./config/', import.meta.url)),
    environment: {
      QUICKSTART_WORLD_DB: world,
      QUICKSTART_NOTEBOOK_DB: notebook,
      QUICKSTART_SUN_URL: sun.url,
      QUICKSTART_SUN_TOKEN: sun.token,
      QUICKSTART_OUTLINES: join(
        dirname(createRequire(import.meta.url).resolve('world-countries/package.json')),
        'data',
      ),
    },
    stop: () => sun.stop(),
  };
}
