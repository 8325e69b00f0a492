/**
 * decisions: what policies are asked of calls and lists, and by what facts.
 *
 *   question.ts       one call as policies look at it
 *   entities.ts       callers and tools as entities, made once each
 *   decisions.ts      the port of the pipeline: may it ever, may it now
 *   validated-tools.ts, policy-documents.ts   what policies are checked against; those of the configuration
 *   listed-tools.ts   the tools that a caller sees, made once for callers who see the same
 *   approve.ts        whether a person may approve calls of a tool
 */
export { approvePolicy } from './approve.ts';
export { Decisions, type Viewer } from './decisions.ts';
export { validatedTools } from './validated-tools.ts';
export { ToolQuestion } from './question.ts';
