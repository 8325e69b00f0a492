import { z } from 'zod';
import type { ParameterDeclaration } from '#contract';
import { didYouMean, type JsonValue } from '#kernel';
import { toolboxError } from '../../errors.ts';
import { ConfigurationFault, type ToolArguments, type ToolOutput, type ToolType } from '../../tools/tool-type.ts';
import { fitReplies, replyValue } from './reply.ts';
import type { RedisSource, Reply } from './source.ts';

// YAML makes numbers of `60`; on the wire everything is text.
const word = z.union([z.string(), z.number(), z.boolean()]).transform(String);

const commandFields = z.strictObject({
  commands: z
    .array(z.array(word).min(1, { error: 'a command has at least its name' }))
    .min(1, { error: 'there is no command' })
    .describe(
      'Commands, each a list of its words. A word that is `$name` is the parameter of that name; an array becomes one word per item.',
    ),
});

/** The tool types `redis` and `valkey`: the author's commands with the caller's values as whole words. */
export function commandTool(type: string): ToolType<z.output<typeof commandFields>> {
  return {
    type,
    summary: 'Sends commands with parameters as whole words; the replies come in order.',
    schema: commandFields,
    build({ commands }, { source, parameters, readOnly }) {
      const redis = source as RedisSource;
      const readsOnly = readOnly || redis.readOnly;
      // Whoever names the command may name one that sends keys to another server (`MIGRATE`).
      const isNamed = commands.every(([name = '']) => !PLACEHOLDER.test(name));
      return {
        annotations: {
          ...{ readOnlyHint: readsOnly, destructiveHint: !readsOnly },
          ...(isNamed && { openWorldHint: false }),
        },
        warnings: checkWords(commands, parameters),
        async run(args, context) {
          const filled = commands.map((words) => fill(words, args));
          return shape(filled, await redis.run(filled, context), context);
        },
      };
    },
  };
}

const PLACEHOLDER = /^\$([A-Za-z_][\w-]*)$/;

/** Throws for a placeholder that names no parameter; returns what works and looks like a mistake. */
function checkWords(commands: readonly (readonly string[])[], parameters: readonly ParameterDeclaration[]): string[] {
  const names = parameters.map((parameter) => parameter.name);
  const warnings: string[] = [];
  for (const [row, words] of commands.entries()) {
    for (const [column, text] of words.entries()) {
      const named = PLACEHOLDER.exec(text)?.[1];
      if (named !== undefined && !names.includes(named)) {
        throw new ConfigurationFault(
          ['commands', row, column],
          `\`${text}\` names no parameter of the tool${didYouMean(named, names)}`,
        );
      }
      if (named !== undefined && column === 0) {
        warnings.push(`callers choose the command themselves: \`${text}\` stands where its name does`);
      }
      const inside = names.find((name) => named === undefined && text.includes(`$${name}`));
      if (inside !== undefined) {
        warnings.push(`\`${text}\` is sent as it stands: a placeholder is a whole word, \`$${inside}\``);
      }
    }
  }
  return warnings;
}

/** A word for each value: an array gives one for each item, an absent value none. */
function fill(words: readonly string[], args: ToolArguments): string[] {
  return words.flatMap((text) => {
    const named = PLACEHOLDER.exec(text)?.[1];
    if (named === undefined) return [text];
    const value = args[named] ?? null;
    if (value === null) return [];
    return Array.isArray(value) ? value.map(wordOf) : [wordOf(value)];
  });
}

const wordOf = (value: JsonValue): string => (typeof value === 'string' ? value : JSON.stringify(value));

function shape(
  commands: readonly (readonly string[])[],
  replies: readonly Reply[],
  limits: { readonly maxRows: number; readonly maxBytes: number },
): ToolOutput {
  const { values, notice } = fitReplies(
    replies.map((reply) => (reply.ok ? replyValue(reply.value) : { error: reply.error.message })),
    limits,
  );
  const failures = replies.flatMap((reply, index) =>
    reply.ok ? [] : [`command ${index + 1} (\`${commands[index]?.[0]}\`) failed: ${reply.error.message}`],
  );
  if (failures.length > 0) {
    // Redis has run the others all the same: the caller must know what is done.
    const others = replies.length > failures.length ? `; the replies were ${JSON.stringify(values)}` : '';
    throw toolboxError('TOOL_FAILED', `${failures.join('; ')}${others}`);
  }
  if (notice === undefined) return { kind: 'value', value: [...values] };
  return {
    kind: 'content',
    content: [
      { type: 'text', text: JSON.stringify(values) },
      { type: 'text', text: notice },
    ],
  };
}
