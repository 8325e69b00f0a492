/** A `definePrompt` export as a prompt. */
import type { PromptMessage } from '#contract';
import { err, isRecord, ok } from '#kernel';
import { toolboxError } from '../../errors.ts';
import type { PromptDefinition } from './api.ts';
import { runHandler } from './module-context.ts';
import type { ModulePrompt } from './module-source.ts';
import { isContentBlock } from './tool-answer.ts';

export function modulePrompt(name: string, definition: PromptDefinition): ModulePrompt {
  const declared = Object.entries(definition.arguments ?? {});
  return {
    title: definition.title,
    description: definition.description,
    arguments: declared.map(([argument, { title, description, required = true }]) => ({
      name: argument,
      title,
      description,
      required,
    })),
    async get(args, call) {
      const missing = declared.filter(([argument, { required = true }]) => required && args[argument] === undefined);
      if (missing.length > 0) return err(missing.map(([argument]) => ({ path: argument, message: 'is missing' })));
      const known = Object.fromEntries(declared.map(([argument]) => [argument, args[argument]])) as Record<
        string,
        string
      >;
      const answer = await runHandler(name, call, (context) => definition.handler(known, context));
      if (typeof answer === 'string') return ok([{ role: 'user', content: { type: 'text', text: answer } }]);
      if (!Array.isArray(answer) || !answer.every(isMessage)) {
        throw toolboxError('TOOL_FAILED', `\`${name}\` answered with something that is no list of MCP messages`);
      }
      return ok(answer as readonly PromptMessage[]);
    },
    async complete(argument, typed, filled) {
      const found = declared.find(([known]) => known === argument)?.[1].complete;
      return found === undefined ? [] : await found(typed, filled);
    },
  };
}

const isMessage = (message: unknown): boolean =>
  isRecord(message) &&
  (message['role'] === 'user' || message['role'] === 'assistant') &&
  isContentBlock(message['content']);
