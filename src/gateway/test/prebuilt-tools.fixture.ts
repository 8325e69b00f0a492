/** The tools of the prebuilt configurations of databases, as one catalogue: real names, real descriptions. */
import type { Tool } from '#toolbox';
import { openPrebuilt } from '../../../test/prebuilt.ts';

/** Each under the name of its database, as several of them stand beside each other: `redis_scan_keys`. */
export async function prebuiltTools(): Promise<readonly Tool[]> {
  const tools: Tool[] = [];
  for (const name of ['postgres', 'mysql', 'sqlite', 'redis']) {
    const toolbox = await openPrebuilt([name], import.meta.dirname);
    const found = toolbox.current().namespaces.get('default')?.tools.values() ?? [];
    for (const tool of found) tools.push({ ...tool, name: `${name}_${tool.name}` });
    await toolbox.close();
  }
  return tools;
}
