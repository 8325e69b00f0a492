import { z } from 'zod';
import { absoluteUrl, namespaceName, resourceName, size } from './common.ts';

/** The media type of an MCP App. */
export const APP_MIME_TYPE = 'text/html;profile=mcp-app';

const origins = z.array(absoluteUrl('http', 'https')).optional();

/** What a `resource` and a `resourceTemplate` share. */
export const resourceFacts = {
  namespace: namespaceName,
  name: resourceName.describe('The name in groups and lists.'),
  title: z.string().optional().describe('A name for people.'),
  description: z.string().optional().describe('What a reader finds there.'),
  mimeType: z.string().optional().describe('The media type; guessed from the file name otherwise.'),
  annotations: z
    .strictObject({
      priority: z.number().min(0).max(1).optional().describe('From 0 to 1.'),
      audience: z
        .array(z.enum(['user', 'assistant']))
        .optional()
        .describe('Whom it is meant for.'),
      lastModified: z.iso.datetime({ offset: true }).optional().describe('When it changed, RFC 3339.'),
    })
    .optional()
    .describe('Hints to the client.'),
  ui: z.boolean().default(false).describe('An MCP App: read by tools that name it, not listed.'),
  csp: z
    .strictObject({
      connectDomains: origins.describe('Origins that the app may send requests to.'),
      resourceDomains: origins.describe('Origins that the app may load scripts, styles and images from.'),
      frameDomains: origins.describe('Origins that the app may frame.'),
      baseUriDomains: origins.describe('Origins of the base URI.'),
    })
    .optional()
    .describe('What an MCP App may reach.'),
  permissions: z
    .array(z.enum(['camera', 'microphone', 'geolocation', 'clipboardWrite']))
    .optional()
    .describe('What an MCP App asks of the browser.'),
  domain: absoluteUrl('http', 'https').optional().describe('The origin that an MCP App runs on.'),
  prefersBorder: z.boolean().optional().describe('Whether an MCP App wants a border around it.'),
};

const APP_FIELDS = ['csp', 'permissions', 'domain', 'prefersBorder'] as const;

/** The fields of an MCP App belong to MCP Apps alone, and an app has one media type. */
export function checkAppFields(
  facts: { [Field in (typeof APP_FIELDS)[number]]?: unknown } & { ui: boolean; mimeType?: string | undefined },
  context: z.RefinementCtx,
): void {
  if (facts.ui) {
    if (facts.mimeType !== undefined && facts.mimeType !== APP_MIME_TYPE) {
      context.addIssue({
        code: 'custom',
        path: ['mimeType'],
        message: `a resource with \`ui: true\` has the media type \`${APP_MIME_TYPE}\`; take \`mimeType\` away`,
        params: { problem: 'CONTRADICTION' },
      });
    }
    return;
  }
  for (const field of APP_FIELDS) {
    if (facts[field] === undefined) continue;
    context.addIssue({
      code: 'custom',
      path: [field],
      message: `\`${field}\` has no effect without \`ui: true\`; set that or take the field away`,
      params: { problem: 'CONTRADICTION' },
    });
  }
}

const uri = z
  .string()
  .refine((text) => URL.canParse(text), { error: 'this is not an absolute URI' })
  .describe('Where clients read it.');

const kind = z.literal('resource');

/** `kind: resource`, `type: text`. */
export const textResourceSchema = z
  .strictObject({
    kind,
    ...resourceFacts,
    type: z.literal('text'),
    uri: uri.optional().describe('Where clients read it; `text://{name}` otherwise.'),
    text: z.string().describe('The contents.'),
  })
  .superRefine(checkAppFields);

/** `kind: resource`, `type: file`. */
export const fileResourceSchema = z
  .strictObject({
    kind,
    ...resourceFacts,
    type: z.literal('file'),
    uri: uri.optional().describe('Where clients read it; `file://{name}` otherwise.'),
    path: z.string().min(1).describe('The file, relative to the configuration file.'),
    maxSize: size.default(5 * 1024 * 1024).describe('How large the file may be.'),
  })
  .superRefine(checkAppFields);

/** `kind: resource`, `type: module`: contents made by a handler. */
export const moduleResourceSchema = z
  .strictObject({
    kind,
    ...resourceFacts,
    type: z.literal('module'),
    uri,
    source: resourceName.describe('A source of type `module`.'),
    handler: z.string().min(1).describe('The export that reads it.'),
  })
  .superRefine(checkAppFields);

export type ResourceCommon =
  | z.output<typeof textResourceSchema>
  | z.output<typeof fileResourceSchema>
  | z.output<typeof moduleResourceSchema>;
