/**
 * The walls between modules: which way imports point, and through which door they go.
 * `walls/modules.ts` holds the order, `walls/rules.ts` the rules; ADR 2 says why this is our own code.
 */
import { counted, failed, verdictOf, type Check } from './check.ts';
import { readImportGraph, type ImportGraph } from './walls/import-graph.ts';
import { findCycles, findEagerLoads } from './walls/paths.ts';
import { RULES } from './walls/rules.ts';

/** Everything wrong with the imports of a tree, one sentence each, beginning with `file:line`. */
export function findBreaches(graph: ImportGraph): string[] {
  const place = (site: { from: string; line: number }): string => `${site.from}:${site.line}`;
  const single = graph.imports.flatMap((site) => {
    const message = RULES.map((rule) => rule(site)).find((sentence) => sentence !== undefined);
    return message === undefined ? [] : [`${place(site)} ${message}`];
  });
  const cycles = findCycles(graph).map(
    ({ path, site }) =>
      `${place(site)} closes a cycle (${path.join(' → ')}); move what both need into a file of its own`,
  );
  const eager = findEagerLoads(graph).map(
    ({ path, site, name }) =>
      `${place(site)} loads \`${name}\` at start-up (${path.join(' → ')}); load it with \`await import('${name}')\` on first use`,
  );
  return [...single, ...cycles, ...eager];
}

export const importWalls: Check = {
  name: 'walls',
  proves: 'modules are entered through their doors, and imports point one way',
  run(root) {
    const graph = readImportGraph(root);
    const seen = `${counted(graph.imports.length, 'import')} of ${counted(graph.files.length, 'file')}`;
    // A reader that sees nothing finds nothing wrong. Every file of ours imports something, nearly.
    if (graph.files.length < 20 || graph.imports.length < graph.files.length) {
      return Promise.resolve(failed('too little was read to trust the answer', [`only ${seen} were seen`]));
    }
    return Promise.resolve(verdictOf(findBreaches(graph), seen));
  },
};
