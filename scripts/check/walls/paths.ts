import type { Import, ImportGraph } from './import-graph.ts';
import { LAZY_PACKAGES } from './modules.ts';
import { isTestSide } from './rules.ts';

/** What a file loads by being loaded: its static imports of files. */
function staticEdges({ imports }: ImportGraph): Map<string, { file: string; site: Import }[]> {
  const edges = new Map<string, { file: string; site: Import }[]>();
  for (const site of imports) {
    if (site.kind !== 'static' || site.to.kind !== 'file') continue;
    const list = edges.get(site.from) ?? [];
    list.push({ file: site.to.file, site });
    edges.set(site.from, list);
  }
  return edges;
}

/**
 * Cycles of static imports, each once, as the files along it. Types may refer to each other in a
 * circle; code that runs while it loads may not, since one side would see the other half-made.
 */
export function findCycles(graph: ImportGraph): { path: string[]; site: Import }[] {
  const edges = staticEdges(graph);
  const finished = new Set<string>();
  const cycles: { path: string[]; site: Import }[] = [];

  const walk = (file: string, trail: readonly string[]): void => {
    for (const { file: next, site } of edges.get(file) ?? []) {
      const start = trail.indexOf(next);
      if (start >= 0) cycles.push({ path: [...trail.slice(start), next], site });
      else if (!finished.has(next)) walk(next, [...trail, next]);
    }
    finished.add(file);
  };
  for (const file of graph.files) if (!finished.has(file)) walk(file, [file]);
  return cycles;
}

/** Lazy packages that are loaded by merely entering a module's door or the command, with the way there. */
export function findEagerLoads(graph: ImportGraph): { path: string[]; site: Import; name: string }[] {
  const edges = staticEdges(graph);
  const cameFrom = new Map<string, string | undefined>();
  const queue = graph.files.filter((file) => /^src\/[^/]+\/(index|command)\.ts$/.test(file));
  for (const door of queue) cameFrom.set(door, undefined);
  for (const file of queue) {
    for (const { file: next } of edges.get(file) ?? []) {
      if (cameFrom.has(next)) continue;
      cameFrom.set(next, file);
      queue.push(next); // the loop reads what is appended: breadth first
    }
  }
  const wayTo = (file: string): string[] => {
    const before = cameFrom.get(file);
    return before === undefined ? [file] : [...wayTo(before), file];
  };
  return graph.imports.flatMap((site) =>
    site.kind === 'static' &&
    site.to.kind === 'package' &&
    LAZY_PACKAGES.includes(site.to.name) &&
    cameFrom.has(site.from) &&
    !isTestSide(site.from)
      ? [{ path: wayTo(site.from), site, name: site.to.name }]
      : [],
  );
}
