/** The tools of a configuration with the sources that there are; nothing connects before it is called. */
import { onTestFinished } from 'vitest';
import { silentLogger, systemClock } from '#kernel';
import { loadConfiguration, openToolbox, sourceTypes, type Tool } from '#toolbox';

/** Those of the namespace `default`; the toolbox goes with the test. */
export async function openedTools(yaml: string): Promise<readonly Tool[]> {
  const input = { file: 't.yaml', directory: '.', bytes: Buffer.from(yaml) };
  const read = loadConfiguration([input], { env: {}, catalog: sourceTypes });
  if (!read.ok) throw new Error(JSON.stringify(read.error));
  const opened = await openToolbox(read.value.configuration, {
    ...{ catalog: sourceTypes, clock: systemClock, log: silentLogger },
    openEmbedder: () => {
      throw new Error('no embedder here');
    },
  });
  if (!opened.ok) throw new Error(JSON.stringify(opened.error));
  const toolbox = opened.value;
  onTestFinished(() => toolbox.close());
  return [...(toolbox.current().namespaces.get('default')?.tools.values() ?? [])];
}
