/**
 * toolbox: sources and tools from YAML; it knows nothing of callers.
 *
 * Owns configuration loading (`config/`), parameters (`parameters/`), the source types (`sources/`),
 * tools, prompts and resources as one immutable snapshot (`toolbox.ts`) that a reload replaces whole.
 * Does not own: who may call (gateway), keys (identity), HTTP or MCP (gateway).
 */
export type * from './sources/source.ts';
export type * from './tools/tool-type.ts';
export type * from './snapshot.ts';
