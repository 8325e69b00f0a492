import { z } from 'zod';
import { resourceName, size } from './common.ts';
import { checkAppFields, resourceFacts } from './resource.ts';

const kind = z.literal('resourceTemplate');

/** `kind: resourceTemplate`, `type: file`: the files of some folders. */
export const fileResourceTemplateSchema = z
  .strictObject({
    kind,
    ...resourceFacts,
    type: z.literal('file'),
    uriTemplate: z
      .string()
      .refine((template) => template.split('{path}').length === 2, { error: 'the URI template holds `{path}` once' })
      .describe('The URIs of the files; `{path}` stands for the path.'),
    allowedPaths: z
      .array(z.string().min(1))
      .min(1)
      .optional()
      .describe('Folders that files may come from, relative to the configuration file.'),
    maxSize: size.default(5 * 1024 * 1024).describe('How large a file may be.'),
  })
  .superRefine(checkAppFields);

/** `kind: resourceTemplate`, `type: module`: contents made by a handler. */
export const moduleResourceTemplateSchema = z
  .strictObject({
    kind,
    ...resourceFacts,
    type: z.literal('module'),
    uriTemplate: z
      .string()
      .regex(/\{[^{}]+\}/, { error: 'the URI template holds no `{variable}`; a fixed URI is a `resource`' })
      .describe('An RFC 6570 template.'),
    source: resourceName.describe('A source of type `module`.'),
    handler: z.string().min(1).describe('The export that reads it.'),
  })
  .superRefine(checkAppFields);

export type ResourceTemplateCommon =
  | z.output<typeof fileResourceTemplateSchema>
  | z.output<typeof moduleResourceTemplateSchema>;
