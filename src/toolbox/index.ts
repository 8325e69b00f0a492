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
export type * from './federated-server.ts';
export {
  fingerprint,
  formatProblem,
  problemAt,
  sendingWithoutSignIn,
  loadConfiguration,
  locationOf,
  migrateInput,
  PROBLEM_CODES,
  readInputs,
  watchConfiguration,
  type Catalog,
  type ConfigurationInput,
  type ConfigurationLocation,
  type ConfigurationWatch,
  type Environment,
  type Loaded,
  type ReadTool,
  type ToolDocument,
  type NamedSecret,
  type Problem,
} from './config/index.ts';
export { sourceTypes } from './sources/catalog.ts';
export { PREBUILT_NAMES, prebuiltInputs } from './prebuilt/index.ts';
export { openToolbox, type Toolbox, type ToolboxOptions } from './toolbox.ts';
export { labelsOf, type BrokenTool, type LabelFacts } from './build/index.ts';
export { openApiTools, type OpenApiTools } from './openapi/index.ts';
export { deprecationMeta, shownDescription } from './tools/deprecation.ts';
export type { Embedder } from './embeddings/embedder.ts';
export { geminiEmbedder } from './embeddings/index.ts';
export { importOpenApi, type ImportNote, type ImportedApi } from './openapi/index.ts';
export { compileSearch, startPatternBudget, type Search } from './parameters/index.ts';
export { checkLocalReferences, jsonSchemaCheck, type SchemaAuthor } from './sources/module/json-schema.ts';
export { manifestOfSchema } from './build/schema-manifest.ts';
export { toolboxError } from './errors.ts';
export { certificateOf, Echo, privateKeyOf, SourceSecrets } from './secrets/index.ts';
export { readTls, workloadIdentity } from './sources/http/tls-material.ts';
export { runWithin } from './tools/limits.ts';
export { untilAborted } from './sources/until-aborted.ts';
