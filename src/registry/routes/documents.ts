/** The documents of the tools that publishers register: put, replaced, tried, looked back at and restored. */
import { z } from 'zod';
import { resourceName } from '#contract';
import { moment, momentOf, route, type Route } from '#http';
import { unknownTool } from '../tools/errors.ts';
import type { Published } from '../tools/tool-registry.ts';
import { answered, checkOf, versionOf } from './current-tool.ts';
import { authorOf, CHANGE_ERRORS, PUBLICATION_ERRORS, reason, toolName, where, type ToolRouteParts } from './parts.ts';
import { author, lintAnswer, shownAuthor, toolAnswer } from './shapes.ts';

/** Longer documents describe no tool. */
const LONGEST_DOCUMENT = 262_144;

const document = z
  .union([z.string().min(1).max(LONGEST_DOCUMENT), z.record(z.string(), z.unknown())])
  .transform((given) => (typeof given === 'string' ? given : JSON.stringify(given, null, 2)))
  .refine((text) => text.length <= LONGEST_DOCUMENT, { error: `has at most ${LONGEST_DOCUMENT} characters` })
  .meta({ description: 'One document of `kind: tool`, as JSON or as YAML text.' });

const published = toolAnswer.extend({
  warnings: z.array(lintAnswer).describe('What the tool lacks, and stands in nobody’s way.'),
});

async function publishedOf(parts: ToolRouteParts, { tool, warnings }: Published): Promise<z.input<typeof published>> {
  return { ...(await answered(parts, tool)), warnings: warnings.map((one) => ({ ...one })) };
}

export function documentRoutes(parts: ToolRouteParts): readonly Route[] {
  const { registry, pins } = parts;
  return [
    route({
      where,
      params: toolName,
      operationId: 'registerTool',
      method: 'POST',
      path: '/tools/{namespace}/{name}',
      summary: 'Register a tool',
      tag: 'tools',
      permission: 'tool.publish',
      status: 201,
      body: z.strictObject({ document, reason, status: z.enum(['draft', 'active']).optional() }),
      errors: PUBLICATION_ERRORS,
      answer: published,
      version: versionOf,
      handle: async (call) =>
        publishedOf(parts, await registry.register(authorOf(call), { ...call.params, ...call.body })),
    }),
    route({
      where,
      params: toolName,
      operationId: 'updateTool',
      method: 'PUT',
      path: '/tools/{namespace}/{name}',
      summary: 'Put a new document in the place of the one that runs',
      tag: 'tools',
      permission: 'tool.publish',
      conditional: true,
      body: z.strictObject({ document, reason }),
      errors: PUBLICATION_ERRORS,
      answer: published,
      version: versionOf,
      handle: async (call) =>
        publishedOf(
          parts,
          await registry.update(authorOf(call), { ...call.params, ...call.body }, checkOf(pins, call)),
        ),
    }),
    route({
      where,
      params: toolName,
      operationId: 'lintTool',
      method: 'POST',
      path: '/tools/{namespace}/{name}/lint',
      summary: 'What registering a document would say, without registering it',
      tag: 'tools',
      permission: 'tool.publish',
      body: z.strictObject({ document }),
      errors: CHANGE_ERRORS,
      answer: z.strictObject({ warnings: z.array(lintAnswer) }),
      handle: async (call) => {
        const { warnings } = await registry.check(authorOf(call), { ...call.params, ...call.body });
        return { warnings: warnings.map((one) => ({ ...one })) };
      },
    }),
    route({
      where,
      params: toolName,
      operationId: 'listToolRevisions',
      method: 'GET',
      path: '/tools/{namespace}/{name}/revisions',
      summary: 'Every document of a registered tool, newest first',
      tag: 'tools',
      permission: 'tool.review',
      errors: ['REGISTERED_TOOL_UNKNOWN', 'TOOL_DECLARED'],
      answer: z.strictObject({
        items: z.array(
          z.strictObject({
            revision: z.int(),
            version: z.string().nullable(),
            document: z.string(),
            author,
            reason: z.string(),
            restoredFrom: z.int().nullable(),
            createdAt: moment,
          }),
        ),
      }),
      handle: async ({ params }) => ({
        items: (await registry.revisions(params)).map((one) => ({
          ...{ revision: one.revision, version: one.version ?? null, document: one.document, reason: one.reason },
          ...{
            author: shownAuthor(one.author),
            restoredFrom: one.restoredFrom ?? null,
            createdAt: momentOf(one.createdAt),
          },
        })),
      }),
    }),
    route({
      where,
      params: toolName,
      operationId: 'restoreTool',
      method: 'POST',
      path: '/tools/{namespace}/{name}/restore',
      summary: 'Put the document of an earlier revision in its place',
      tag: 'tools',
      permission: 'tool.publish',
      conditional: true,
      body: z.strictObject({ revision: z.int().positive(), reason }),
      errors: [...PUBLICATION_ERRORS, 'TOOL_REVISION_UNKNOWN'],
      answer: published,
      version: versionOf,
      handle: async (call) =>
        publishedOf(
          parts,
          await registry.restore(authorOf(call), { ...call.params, ...call.body }, checkOf(pins, call)),
        ),
    }),
    route({
      where: {
        target: ({ namespace }: { namespace: string }) => ({ namespace }),
        missing: ({ namespace }) => unknownTool({ namespace, name: '' }),
      },
      params: z.strictObject({ namespace: resourceName }),
      operationId: 'readOperations',
      method: 'POST',
      path: '/namespaces/{namespace}/tool-operations',
      summary: 'The documents that the operations of an OpenAPI description come to, to be registered one by one',
      tag: 'tools',
      permission: 'tool.publish',
      body: z.strictObject({
        openapi: z.string().min(1).max(4_194_304).describe('An OpenAPI 3 description, YAML or JSON.'),
        source: resourceName.describe('The `http` source that the tools stand on.'),
      }),
      errors: CHANGE_ERRORS,
      answer: z.strictObject({ items: z.array(z.strictObject({ name: z.string(), document: z.string() })) }),
      handle: async ({ body }) => ({ items: [...(await registry.operations(body.openapi, body.source))] }),
    }),
  ];
}
