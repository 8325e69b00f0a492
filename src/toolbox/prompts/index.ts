/**
 * prompts: messages that a person picks and fills in.
 *
 * `custom-prompt.ts` fills `{{.argument}}` in messages of a configuration; `module-prompt.ts` publishes
 * a handler. Arguments are parameters: `argument-text.ts` reads the text that MCP carries as the type
 * that was declared, `completion.ts` suggests values. Does not own: who may see a prompt (gateway).
 */
export { customPrompt, type CustomPromptDeclaration } from './custom-prompt.ts';
export { modulePrompt, type ModulePromptDeclaration } from './module-prompt.ts';
