import { pathToFileURL } from 'node:url';
import type { CliContext } from '#cli';
import type { ConfigurationLocation } from '#toolbox';

/** The example that comes with a checkout, prepared and running. */
export interface RunningQuickstart {
  readonly location: ConfigurationLocation;
  readonly environment: Readonly<Record<string, string>>;
  stop(): Promise<void>;
}

/**
 * Prepares `examples/quickstart`. It is an application of its own, beside the product and not in it: it
 * is found by its place in the checkout, and nothing of it is loaded unless it is asked for.
 */
export async function startQuickstart({ context, dataDir }: { context: CliContext; dataDir: string }): Promise<RunningQuickstart> {
  const entry = new URL('../../../examples/quickstart/prepare.ts', import.meta.url);
  const { prepareQuickstart } = (await import(pathToFileURL(entry.pathname).href)) as typeof import('../../../examples/quickstart/prepare.ts');
  const quickstart = await prepareQuickstart({
    dataDir,
    progress: (line) => context.stderr.write(`${line}\n`),
    clock: context.clock,
  });
  return {
    location: { kind: 'folder', folder: quickstart.configFolder },
    environment: quickstart.environment,
    stop: () => quickstart.stop(),
  };
}
