/** `kind: prompt`, `type: module`: a handler under the name and the words of the configuration. */
import type { ParameterDeclaration } from '#contract';
import type { ModuleSource } from '../sources/module/module-source.ts';
import type { Prompt } from '../snapshot.ts';
import { textOfValue } from './argument-text.ts';
import { compileArguments } from './prompt-arguments.ts';

export interface ModulePromptDeclaration {
  readonly name: string;
  readonly title?: string | undefined;
  readonly description?: string | undefined;
  readonly handler: string;
  readonly arguments: readonly ParameterDeclaration[];
}

/**
 * Publishes a handler. Arguments that the document declares are checked before the handler sees them;
 * without any, the module's own stand. Throws `ConfigurationFault`.
 */
export function modulePrompt(declaration: ModulePromptDeclaration, source: ModuleSource): Prompt {
  const handler = source.prompt(declaration.handler);
  const facts = {
    name: declaration.name,
    title: declaration.title ?? handler.title,
    description: declaration.description ?? handler.description,
  };
  if (declaration.arguments.length === 0) return { ...handler, ...facts };
  const args = compileArguments(declaration.arguments);
  return {
    ...facts,
    arguments: args.listed,
    get(texts, call) {
      const checked = args.check(texts);
      if (!checked.ok) return Promise.resolve(checked);
      const values = Object.entries(checked.value).map(([name, value]) => [name, textOfValue(value)]);
      return handler.get(Object.fromEntries(values) as Record<string, string>, call);
    },
    async complete(argument, typed, filled) {
      const own = args.complete(argument, typed);
      return own.length > 0 ? own : handler.complete(argument, typed, filled);
    },
  };
}
