import { toolsetsOf } from '#gateway';
import { toolFacts, type CallableTools } from '#policy';
import type { ToolboxSnapshot } from '#toolbox';

/** The tools of the snapshot of now, as questions to policies look at them: as calls do. */
export const callableTools = (snapshot: () => ToolboxSnapshot | undefined): CallableTools => ({
  find(namespace, name) {
    const view = snapshot()?.namespaces.get(namespace);
    const tool = view?.tools.get(name);
    if (view === undefined || tool === undefined) return undefined;
    return { facts: toolFacts(tool, toolsetsOf(view, tool)), arguments: tool.argumentTypes };
  },
});
