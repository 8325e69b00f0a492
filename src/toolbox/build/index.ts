/**
 * build: from a checked configuration to a snapshot that runs.
 *
 * `snapshot.ts` does it in order: sources (`open-source.ts`, carried over from the last build where
 * nothing changed: `same-config.ts`), tools (`tool.ts`, `embed-arguments.ts`), prompts and resources,
 * groups (`groups.ts`). Every fault becomes a problem at its place; a build with problems leaves
 * nothing open behind. Does not own: reading files (`config/`), when to build (`toolbox.ts`).
 */
export { labelsOf, type LabelFacts } from './labels.ts';
export { buildSnapshot, type BrokenTool, type BuildOptions, type BuiltSnapshot } from './snapshot.ts';
