import { z } from 'zod';
import { jsonObject, namespaceName, resourceName } from './common.ts';
import { promptArgumentSchema } from './parameter.ts';

const annotations = z
  .strictObject({
    audience: z.array(z.enum(['user', 'assistant'])).optional(),
    priority: z.number().min(0).max(1).optional(),
    lastModified: z.string().optional(),
  })
  .optional();

const block = { annotations, _meta: jsonObject.optional() };
const embedded = { uri: z.string().min(1), mimeType: z.string().optional(), _meta: jsonObject.optional() };
const base64 = z.base64({ error: 'this is not base64' });

/** A content block of MCP, as a message may hold instead of text. `{{.name}}` is filled in its text. */
export const contentBlockSchema = z
  .discriminatedUnion('type', [
    z.strictObject({ type: z.literal('text'), text: z.string(), ...block }),
    z.strictObject({ type: z.literal('image'), data: base64, mimeType: z.string(), ...block }),
    z.strictObject({ type: z.literal('audio'), data: base64, mimeType: z.string(), ...block }),
    z.strictObject({
      type: z.literal('resource'),
      resource: z.union([
        z.strictObject({ ...embedded, text: z.string() }),
        z.strictObject({ ...embedded, blob: base64 }),
      ]),
      ...block,
    }),
    z.strictObject({
      type: z.literal('resource_link'),
      uri: z.string().min(1),
      name: z.string(),
      title: z.string().optional(),
      description: z.string().optional(),
      mimeType: z.string().optional(),
      ...block,
    }),
  ])
  .meta({ title: 'MCP content block' });

const common = {
  kind: z.literal('prompt'),
  namespace: namespaceName,
  name: resourceName.describe('The name under which clients offer the prompt.'),
  title: z.string().optional().describe('A name for people.'),
  description: z.string().optional().describe('What the prompt is for.'),
  arguments: z
    .array(promptArgumentSchema)
    .default([])
    .describe('What a person fills in; parameters, strings by default.'),
};

/** `kind: prompt`: messages with `{{.argument}}` in them. */
export const customPromptSchema = z.strictObject({
  ...common,
  type: z.literal('custom').default('custom'),
  messages: z
    .array(
      z.strictObject({
        role: z.enum(['user', 'assistant']).default('user').describe('Who says it.'),
        content: z
          .union([z.string(), contentBlockSchema])
          .describe('Text, in which `{{.name}}` stands for an argument, or an MCP content block.'),
      }),
    )
    .min(1)
    .describe('The messages, in order.'),
});

/** `kind: prompt`, `type: module`: messages made by a handler. */
export const modulePromptSchema = z.strictObject({
  ...common,
  type: z.literal('module'),
  source: resourceName.describe('A source of type `module`.'),
  handler: z.string().min(1).describe('The export that makes the messages.'),
});

export type PromptCommon = z.output<typeof customPromptSchema> | z.output<typeof modulePromptSchema>;
