/**
 * shaping: what becomes of an answer between the tool and whoever asked. For every door alike.
 *
 *   output-shaping.ts   the step of the pipeline: whether anything is to be done at all, and if so loads the rest
 *   shape-output.ts     one call: schema, hidden characters, masks, schema again, labels
 *   detect/             what masks know by sight
 *   mask/               masks: which apply, fields, patterns, what stands in the place
 *   labels/             untrusted answers: marked as data, hidden characters shown, who has seen what
 *
 * Does not own: what masks are (`#contract`), what a tool promises (`../pipeline/structured-output.ts`), how an answer
 * looks at a door (`../pipeline/shape-mcp.ts`, `../rest/`).
 */
export { OutputShaping, type AnswerMarks, type CallShaping, type Consulting } from './output-shaping.ts';
export { SeenLabels } from './labels/seen-labels.ts';
