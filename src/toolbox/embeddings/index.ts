/**
 * embeddings: text to vectors, for parameters with `embeddedBy`.
 *
 * `embedder.ts` is the port, `gemini.ts` the adapter. Requests go out through `../egress`. Does not own:
 * which parameters are embedded and how a database takes the vector (tools).
 */
export type { Embedder } from './embedder.ts';
export { geminiEmbedder, type GeminiConfig, type GeminiOptions } from './gemini.ts';
