import { z } from 'zod';
import { ROLES } from '../principal.ts';
import { namespaceName, resourceName } from './common.ts';

/** What masks know by sight; the names that `patterns` and `@mask` of a policy may say. */
export const KNOWN_PATTERNS = ['card', 'iban', 'email', 'phone', 'api-key', 'private-key', 'ipv4'] as const;
export type KnownPattern = (typeof KNOWN_PATTERNS)[number];

/** What becomes of what a mask covers, strictest first: where several apply, the first of these. */
export const MASK_METHODS = ['block', 'remove', 'redact', 'hash', 'last4'] as const;
export type MaskMethod = (typeof MASK_METHODS)[number];

/** Steps of a path are names, in which `*` stands for any characters; `**` is any number of steps. */
const fieldPath = z
  .string()
  .max(512)
  .regex(/^[^.\s][^.]*(?:\.[^.]+)*$/, {
    error: 'a path is names with dots between them, such as `ssn`, `customer.email` or `**.card_*`',
  })
  .meta({ title: 'path' });

const pattern = z.union([
  z.enum(KNOWN_PATTERNS),
  z.strictObject({
    regex: z.string().min(1).max(1000).describe('A regular expression, as in `allowedValues`; found anywhere.'),
    ignoreCase: z.boolean().default(false).describe('Whether upper and lower case are the same.'),
  }),
]);

const SELECTIONS = ['tools', 'toolsets', 'tags'] as const;
const EXCEPTIONS = ['exceptRoles', 'exceptGroups'] as const;

/** `kind: mask`: what of answers nobody sees, or only some do. */
export const maskSchema = z
  .strictObject({
    kind: z.literal('mask'),
    namespace: namespaceName,
    name: resourceName.describe('What policies (`@mask`) and the audit log call it.'),
    everywhere: z
      .boolean()
      .default(false)
      .describe('Whether the mask holds in every namespace, not in `namespace` alone.'),
    fields: z
      .array(fieldPath)
      .max(200)
      .default([])
      .describe(
        'Columns of rows and members of JSON by path. One name alone is found at any depth; `*` stands for any characters, `**` for any steps; places in lists are no steps.',
      ),
    caseSensitive: z.boolean().default(false).describe('Whether `fields` tell upper from lower case.'),
    patterns: z
      .array(pattern)
      .max(100)
      .default([])
      .describe(`What is covered wherever it stands: ${KNOWN_PATTERNS.join(', ')}, or a pattern of your own.`),
    how: z
      .enum(MASK_METHODS)
      .default('redact')
      .describe(
        '`redact` puts `•••` there, `block` refuses the whole answer; where several masks meet, the strictest.',
      ),
    when: z
      .enum(['always', 'asked'])
      .default('always')
      .describe('`asked`: only for calls whose permit says `@mask("name")`.'),
    tools: z.array(resourceName).optional().describe('Only for these tools.'),
    toolsets: z.array(resourceName).optional().describe('Only for tools of these toolsets and groups.'),
    tags: z.array(z.string().min(1).max(128)).optional().describe('Only for tools with one of these tags.'),
    exceptRoles: z.array(z.enum(ROLES)).default([]).describe('Roles whose holders see what is there.'),
    exceptGroups: z.array(z.string().min(1).max(256)).default([]).describe('Groups whose members see what is there.'),
  })
  .superRefine((mask, context) => {
    const refuse = (path: string, message: string, problem = 'CONTRADICTION'): void =>
      context.addIssue({ code: 'custom', path: [path], message, params: { problem } });
    if (mask.fields.length === 0 && mask.patterns.length === 0)
      refuse('patterns', 'the mask covers nothing: give it `fields` or `patterns`', 'UNENFORCEABLE');
    if ((KNOWN_PATTERNS as readonly string[]).includes(mask.name))
      refuse('name', `\`${mask.name}\` is what policies call the known pattern; find another name`, 'NAME_TAKEN');
    for (const field of SELECTIONS)
      if (mask.when === 'asked' && mask[field] !== undefined)
        refuse(field, 'policies say which calls ask for the mask; take this or `when: asked` away');
    for (const field of EXCEPTIONS)
      if (mask.when === 'asked' && mask[field].length > 0)
        refuse(field, 'policies say whose calls ask for the mask; take this or `when: asked` away');
    for (const field of ['tools', 'toolsets'] as const)
      if (mask.everywhere && mask[field] !== undefined)
        refuse(field, 'names are those of one namespace, and the mask holds everywhere; use `tags`');
  });

export type MaskCommon = z.output<typeof maskSchema>;

/** Every name that `@mask` of a policy in that namespace may say. */
export const maskNames = (
  masks: readonly Pick<MaskCommon, 'namespace' | 'name' | 'everywhere'>[],
  namespace: string,
): readonly string[] => [
  ...KNOWN_PATTERNS,
  ...masks.filter((mask) => mask.everywhere || mask.namespace === namespace).map((mask) => mask.name),
];
