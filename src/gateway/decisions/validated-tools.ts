import type { ValidatedTool } from '#policy';
import type { ToolboxSnapshot } from '#toolbox';
import { toolIn } from './entities.ts';

const known = new WeakMap<ToolboxSnapshot, readonly ValidatedTool[]>();

/** The tools of a snapshot as policies are checked against them. */
export function validatedTools(snapshot: ToolboxSnapshot): readonly ValidatedTool[] {
  let tools = known.get(snapshot);
  if (tools === undefined) {
    tools = [...snapshot.namespaces.values()].flatMap((view) =>
      [...view.tools.values()].map((tool) => ({
        ...{ entity: toolIn(view, tool).entity, namespace: view.name, arguments: tool.argumentTypes },
      })),
    );
    known.set(snapshot, tools);
  }
  return tools;
}
