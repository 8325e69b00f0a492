/** What the registry says of a tool beside what callers need: whose it is, which version, how far it is to be trusted. */
import { z } from 'zod';
import { absoluteUrl, jsonObject, resourceName } from './common.ts';

/** Semantic Versioning 2.0.0, in the pattern that its authors suggest. */
const SEMVER =
  /^(?:0|[1-9]\d*)\.(?:0|[1-9]\d*)\.(?:0|[1-9]\d*)(?:-(?:0|[1-9]\d*|\d*[A-Za-z-][\dA-Za-z-]*)(?:\.(?:0|[1-9]\d*|\d*[A-Za-z-][\dA-Za-z-]*))*)?(?:\+[\dA-Za-z-]+(?:\.[\dA-Za-z-]+)*)?$/;

export const TOOL_STATUSES = ['draft', 'active', 'deprecated', 'quarantined'] as const;
export type ToolStatus = (typeof TOOL_STATUSES)[number];

export const toolVersion = z
  .string()
  .max(64)
  .regex(SEMVER, { error: 'a version is three numbers, such as `1.4.0` (Semantic Versioning)' })
  .meta({ title: 'version' });

/** The fields that `kind: tool` has for the registry. All may be left out. */
export const toolEntryFields = {
  owner: z
    .string()
    .regex(/^(?:user|agent):[^\s\p{C}]{1,128}$/u, { error: 'an owner is `user:NAME` or `agent:NAME`' })
    .optional()
    .describe('Who answers for the tool: `user:ann`, `agent:reporter`.'),
  version: toolVersion.optional().describe('The version of the tool, as Semantic Versioning has it.'),
  status: z
    .enum(TOOL_STATUSES)
    .default('active')
    .describe(
      '`draft`: for its owner and publishers alone. `deprecated`: works, and says so. `quarantined`: nobody calls it.',
    ),
  replacedBy: resourceName.optional().describe('The tool to use instead of a deprecated one.'),
  examples: z
    .array(
      z.strictObject({
        description: z.string().min(1).max(500).describe('What for.'),
        arguments: jsonObject.describe('Arguments that the tool takes.'),
      }),
    )
    .max(20)
    .default([])
    .describe('Calls that show what it is for; checked against the parameters.'),
  supportContact: z.string().min(1).max(200).optional().describe('Whom to ask about it: an address, a channel.'),
  documentationUrl: absoluteUrl('https', 'http').optional().describe('Where more is written about it.'),
  authDocumentation: z
    .string()
    .min(1)
    .max(2000)
    .optional()
    .describe('How a caller gets the tokens and scopes that the tool asks for.'),
  decoy: z
    .boolean()
    .default(false)
    .describe('A trap: it is in no list and runs nothing, and whoever calls it raises an alert.'),
};

/** The same of a tool as it runs. */
export interface ToolEntry {
  readonly owner: string | undefined;
  readonly version: string | undefined;
  readonly status: ToolStatus;
  readonly replacedBy: string | undefined;
  readonly examples: readonly { readonly description: string; readonly arguments: Readonly<Record<string, unknown>> }[];
  readonly supportContact: string | undefined;
  readonly documentationUrl: string | undefined;
  readonly authDocumentation: string | undefined;
  readonly decoy: boolean;
}
