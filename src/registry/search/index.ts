/**
 * registry/search: which tools fit some words.
 *
 * Owns the words of tools (`words.ts`, `facts.ts`), questions (`question.ts`) and the index (`tool-index.ts`):
 * BM25 over weighted fields, light stems, beginnings of words. Does not own: who sees which tool (policies, asked
 * by the gateway), how what is found is shown (`find_tools` of the gateway, `routes.ts`).
 */
export { questionOf, type Question } from './question.ts';
export type { SearchedTool } from './facts.ts';
export { ToolSearch, type SearchedTools } from './tool-search.ts';
export type { Found } from './tool-index.ts';
