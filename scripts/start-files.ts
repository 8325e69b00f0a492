/**
 * Which modules of the build come into one file: those that the same starts read. The bundler by itself makes a
 * file for every set of late imports that share a module, and a server would read eighty of them before its first
 * answer.
 */
import type { OutputOptions } from 'rolldown';

type CodeSplitting = Exclude<OutputOptions['codeSplitting'], boolean | undefined>;
type Group = NonNullable<CodeSplitting['groups']>[number];
/** What the bundler knows of a module. */
type Graph = Parameters<Extract<Group['name'], (...values: never[]) => unknown>>[1];

/**
 * Groups for `codeSplitting`. `roots`: paths of the modules with which something starts, at most thirty. A module
 * that several starts read comes into a file with all others that exactly these read; whatever it imports is read
 * by them too, so that files do not import each other in a circle.
 */
export function startFiles(roots: readonly string[]): readonly Group[] {
  let reached: ReadonlyMap<string, number> | undefined;
  /** The starts that read a module, a bit each; 0 for what is only imported late. */
  const startsOf = (id: string, graph: Graph): number => (reached ??= reachedFrom(roots, graph)).get(id) ?? 0;
  return roots.map((_, less): Group => {
    const shared = roots.length - less;
    return {
      debugName: `read by ${shared} starts`,
      name(id, graph) {
        // A command waits for its late imports: what these import cannot be in the file of the command itself.
        if (roots.includes(id)) return null;
        const starts = startsOf(id, graph);
        return count(starts) === shared ? `start-${starts.toString(36)}` : null;
      },
      // What more starts read is taken first: a group takes what its modules import, as far as it is left.
      priority: shared,
    };
  });
}

function reachedFrom(roots: readonly string[], graph: Graph): ReadonlyMap<string, number> {
  const reached = new Map<string, number>();
  for (const [at, root] of roots.entries()) {
    const waiting = [root];
    for (let id = waiting.pop(); id !== undefined; id = waiting.pop()) {
      const before = reached.get(id) ?? 0;
      if ((before & (1 << at)) !== 0) continue;
      reached.set(id, before | (1 << at));
      waiting.push(...(graph.getModuleInfo(id)?.importedIds ?? []));
    }
  }
  return reached;
}

/** How many bits are set. */
const count = (bits: number): number => (bits === 0 ? 0 : 1 + count(bits & (bits - 1)));
