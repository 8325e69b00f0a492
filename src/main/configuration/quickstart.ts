import type { CliContext } from '#cli';
import type { Clock } from '#kernel';
import type { ConfigurationLocation } from '#toolbox';

/** The example that comes with a checkout, prepared and running. */
export interface RunningQuickstart {
  readonly location: ConfigurationLocation;
  readonly environment: Readonly<Record<string, string>>;
  stop(): Promise<void>;
}

/** What `examples/quickstart/prepare.ts` offers. It is no part of the product: this is all we know of it. */
interface QuickstartModule {
  prepareQuickstart(options: { dataDir: string; progress: (line: string) => void; clock: Clock }): Promise<{
    readonly configFolder: string;
    readonly environment: Readonly<Record<string, string>>;
    stop(): Promise<void>;
  }>;
}

/**
 * Prepares `examples/quickstart`, an application of its own beside the product: found by its place in
 * the checkout, and nothing of it is loaded unless it is asked for.
 */
export async function startQuickstart({
  context,
  dataDir,
}: {
  context: CliContext;
  dataDir: string;
}): Promise<RunningQuickstart> {
  const entry = new URL('../../../examples/quickstart/prepare.ts', import.meta.url);
  const { prepareQuickstart } = (await import(entry.href)) as QuickstartModule;
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
