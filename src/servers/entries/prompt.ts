import type { PromptMessage } from '#contract';
import { isRecord, ok, type JsonObject, type JsonValue } from '#kernel';
import type { Offered, Prompt, PromptMessages } from '#toolbox';
import { serversError } from '../errors.ts';
import { membersBeside, seenBy, textIn, type Asker } from './asker.ts';
import { complete } from './completion.ts';

const NAMED = ['name', 'title', 'description', 'arguments'];

/** A prompt of a server, under the prefix and under its own name; undefined for what is no prompt. */
export function federatedPrompt(raw: JsonObject, prefix: string, asker: Asker): Offered<Prompt> | undefined {
  const theirName = textIn(raw, 'name');
  if (theirName === undefined) return undefined;
  const there: Prompt = {
    name: theirName,
    title: textIn(raw, 'title'),
    description: textIn(raw, 'description'),
    arguments: argumentsOf(raw['arguments']),
    otherMembers: membersBeside(raw, NAMED),
    server: asker.declaration.name,
    ...seenBy(asker, 'prompts', raw),
    async get(args, call) {
      const result = await asker.ask({ method: 'prompts/get', params: { name: theirName, arguments: args } }, call);
      return ok(messagesOf(result, asker.declaration.name));
    },
    complete: (argument, typed, filled, call) =>
      complete(asker, { type: 'ref/prompt', name: theirName }, { argument, typed, filled }, call),
  };
  return { here: { ...there, name: prefix + theirName }, there };
}

function argumentsOf(listed: JsonValue | undefined): Prompt['arguments'] {
  if (!Array.isArray(listed)) return [];
  return listed.flatMap((argument) => {
    if (!isRecord(argument) || typeof argument['name'] !== 'string') return [];
    // As it came: what it has beside these is listed as well.
    return [argument as unknown as Prompt['arguments'][number]];
  });
}

function messagesOf(result: JsonObject, server: string): PromptMessages {
  const { messages, resultType: _, ...beside } = result;
  const isMessage = (one: JsonValue): boolean =>
    isRecord(one) && typeof one['role'] === 'string' && isRecord(one['content']);
  if (!Array.isArray(messages) || !messages.every(isMessage))
    throw serversError('SERVER_ANSWER_INVALID', `\`${server}\` gave a prompt without messages`);
  return Object.assign([...messages] as unknown as PromptMessage[], { beside });
}
