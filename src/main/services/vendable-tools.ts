import type { CalledTool } from '#contract';
import type { VendableTools } from '#registry';
import type { ToolboxSnapshot } from '#toolbox';

/** The tools of the toolbox as it is now, for who gives credentials for them. */
export function vendableTools(current: () => ToolboxSnapshot): VendableTools {
  return {
    find: (namespace, name) => current().namespaces.get(namespace)?.tools.get(name),
    toolsetsOf(tool: CalledTool) {
      const groups = current().namespaces.get(tool.namespace)?.groups ?? new Map<string, never>();
      return [...groups]
        .filter(([, group]) => group.tools.some(({ name }) => name === tool.name))
        .map(([name]) => name);
    },
  };
}
