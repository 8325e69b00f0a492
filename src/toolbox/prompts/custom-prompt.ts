/** `kind: prompt`: messages of the configuration with `{{.argument}}` in them. */
import type { ContentBlock, ParameterDeclaration, PromptMessage } from '#contract';
import { didYouMean, ok } from '#kernel';
import type { Prompt } from '../snapshot.ts';
import { ConfigurationFault, type ToolArguments } from '../tools/tool-type.ts';
import { parseTemplate, type Template } from '../tools/template/index.ts';
import { textOfValue } from './argument-text.ts';
import { compileArguments } from './prompt-arguments.ts';

export interface CustomPromptDeclaration {
  readonly name: string;
  readonly title?: string | undefined;
  readonly description?: string | undefined;
  readonly arguments: readonly ParameterDeclaration[];
  readonly messages: readonly { readonly role: 'user' | 'assistant'; readonly content: string | ContentBlock }[];
}

/** Compiles a prompt; throws `ConfigurationFault`. */
export function customPrompt(declaration: CustomPromptDeclaration): Prompt {
  const args = compileArguments(declaration.arguments);
  const names = args.declarations.map((argument) => argument.name);
  const messages = declaration.messages.map(({ role, content }, index) => {
    const fill = compileContent(content, names, ['messages', index, 'content']);
    return (values: ToolArguments): PromptMessage => ({ role, content: fill(values) });
  });
  return {
    name: declaration.name,
    title: declaration.title,
    description: declaration.description,
    arguments: args.listed,
    get(texts) {
      const checked = args.check(texts);
      return Promise.resolve(checked.ok ? ok(messages.map((message) => message(checked.value))) : checked);
    },
    complete: (argument, typed) => Promise.resolve(args.complete(argument, typed)),
  };
}

type Fill<Filled> = (values: ToolArguments) => Filled;

/** Arguments are filled into what is read: text and URIs, never into encoded bytes. */
function compileContent(
  content: string | ContentBlock,
  names: readonly string[],
  path: readonly (string | number)[],
): Fill<ContentBlock> {
  if (typeof content === 'string') {
    const text = compileText(content, names, path);
    return (values) => ({ type: 'text', text: text(values) });
  }
  switch (content.type) {
    case 'text': {
      const text = compileText(content.text, names, [...path, 'text']);
      return (values) => ({ ...content, text: text(values) });
    }
    case 'resource': {
      const { resource } = content;
      const uri = compileText(resource.uri, names, [...path, 'resource', 'uri']);
      if ('blob' in resource) return (values) => ({ ...content, resource: { ...resource, uri: uri(values) } });
      const text = compileText(resource.text, names, [...path, 'resource', 'text']);
      return (values) => ({ ...content, resource: { ...resource, uri: uri(values), text: text(values) } });
    }
    case 'resource_link': {
      const uri = compileText(content.uri, names, [...path, 'uri']);
      return (values) => ({ ...content, uri: uri(values) });
    }
    default:
      return () => content;
  }
}

function compileText(text: string, names: readonly string[], path: readonly (string | number)[]): Fill<string> {
  const template = parseTemplate(text, ['array'], path);
  for (const part of template) {
    if (typeof part === 'string' || names.includes(part.name)) continue;
    throw new ConfigurationFault(
      path,
      `\`${part.written}\` names no argument${didYouMean(part.name, names)}`,
      'declare it under `arguments`',
    );
  }
  return (values) => template.map((part) => textOf(part, values)).join('');
}

/** Toolbox leaves `<no value>` where an optional argument is missing; a reader is better off with nothing. */
function textOf(part: Template[number], values: ToolArguments): string {
  if (typeof part === 'string') return part;
  const value = values[part.name];
  if (value === undefined) return '';
  return part.function === 'array' && Array.isArray(value) ? value.map(textOfValue).join(', ') : textOfValue(value);
}
