import { z } from 'zod';
import { duration, jsonObject, namespaceName, resourceName, scopeToken, size } from './common.ts';
import { labelsField, trustField } from './outputs.ts';
import { parameterSchema } from './parameter.ts';
import { toolEntryFields } from './tool-entry.ts';

/** `annotations:` of a tool: MCP's hints about what a call does. */
export const toolAnnotationsSchema = z.strictObject({
  title: z.string().optional().describe('A name for people; the `title` of the tool wins.'),
  readOnlyHint: z.boolean().optional().describe('The tool changes nothing.'),
  destructiveHint: z.boolean().optional().describe('The tool may delete or overwrite.'),
  idempotentHint: z.boolean().optional().describe('A second call with the same arguments changes nothing more.'),
  openWorldHint: z.boolean().optional().describe('The tool reaches beyond the system it stands on.'),
});

/** `ui:` of a tool: the MCP App that shows its answers. */
export const toolUiSchema = z.strictObject({
  resource: resourceName.describe('A `resource` or `resourceTemplate` of the same namespace with `ui: true`.'),
  visibility: z
    .array(z.enum(['model', 'app']))
    .min(1)
    .default(['model', 'app'])
    .describe('Who may call the tool: the model, the app, or both.'),
});

/** `kind: tool`: the fields of every tool. Those of its type are the tool type's own (`toolbox/sources/`). */
export const toolSchema = z.strictObject({
  kind: z.literal('tool'),
  namespace: namespaceName,
  name: resourceName.describe('The name under which agents call the tool.'),
  type: z.string().describe('The tool type; the sections of the source types list them.'),
  source: resourceName.describe('The source that the tool runs on.'),
  title: z.string().optional().describe('A name for people.'),
  description: z
    .string()
    .min(1, { error: 'a description is empty; it is what an agent chooses the tool by' })
    .optional()
    .describe('What the tool is for, written for the model. Required, unless the type or the module supplies it.'),
  parameters: z.array(parameterSchema).default([]).describe('What a caller passes; bound, never pasted.'),
  templateParameters: z
    .array(parameterSchema)
    .default([])
    .describe('Identifiers that stand in the statement itself; checked and quoted.'),
  authRequired: z
    .array(resourceName)
    .default([])
    .describe('Names of `authService` documents; a caller needs a token of one of them.'),
  scopesRequired: z.array(scopeToken).default([]).describe('Scopes that the caller must hold, all of them.'),
  tags: z
    .array(
      z.string().regex(/^[\w.:/-]{1,64}$/, { error: 'a tag is 1 to 64 letters, digits, `_`, `-`, `.`, `:` and `/`' }),
    )
    .max(32)
    .default([])
    .describe('Words that policies, limits and searches select tools by.'),
  toolsets: z
    .array(resourceName)
    .max(32)
    .default([])
    .describe('Toolsets and groups of its namespace that it joins, beside those that list it.'),
  annotations: toolAnnotationsSchema.optional().describe('Hints about what a call does.'),
  ui: toolUiSchema.optional().describe('The MCP App that shows the answers of the tool.'),
  outputSchema: jsonObject.optional().describe('JSON Schema of `structuredContent`.'),
  labels: labelsField,
  trust: trustField,
  timeout: duration.optional().describe('How long a call may take; then it is cancelled in the source as well.'),
  maxRows: z.int().positive().optional().describe('How many rows an answer holds; the caller is told of the rest.'),
  maxBytes: size.optional().describe('How large an answer may be; the caller is told of the rest.'),
  cost: z.int().positive().max(1_000_000_000).default(1).describe('What a call counts for in limits of `cost`.'),
  readOnly: z.boolean().default(false).describe('The database refuses every write of this tool.'),
  ...toolEntryFields,
});

export type ToolCommon = z.output<typeof toolSchema>;
