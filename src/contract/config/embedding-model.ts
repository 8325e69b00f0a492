import { z } from 'zod';
import { namespaceName, resourceName, secretText } from './common.ts';

/** `kind: embeddingModel`, `type: gemini`. */
export const geminiEmbeddingModelSchema = z
  .strictObject({
    kind: z.literal('embeddingModel'),
    namespace: namespaceName,
    name: resourceName.describe('The name in `embeddedBy` of a parameter.'),
    type: z.literal('gemini'),
    model: z.string().min(1).describe('The model, such as `gemini-embedding-001`.'),
    apiKey: secretText.optional().describe('A key of the Gemini API.'),
    useVertexAI: z.boolean().default(false).describe('Ask Vertex AI instead, with `project` and `location`.'),
    project: z.string().min(1).optional().describe('The Google Cloud project.'),
    location: z.string().min(1).optional().describe('The Google Cloud location.'),
    dimension: z.int().positive().optional().describe('The length of the vectors.'),
  })
  .superRefine((model, context) => {
    const report = (path: string[], message: string, problem: string) =>
      context.addIssue({ code: 'custom', path, message, params: { problem } });
    for (const field of ['project', 'location'] as const) {
      if (model.useVertexAI && model[field] === undefined) {
        report([], `\`${field}\` is missing: \`useVertexAI\` needs it`, 'FIELD_MISSING');
      } else if (!model.useVertexAI && model[field] !== undefined) {
        report([field], `\`${field}\` has no effect without \`useVertexAI: true\``, 'CONTRADICTION');
      }
    }
    if (!model.useVertexAI && model.apiKey === undefined) {
      report([], '`apiKey` is missing (or `useVertexAI` with `project` and `location`)', 'FIELD_MISSING');
    }
  });

export type EmbeddingModelCommon = z.output<typeof geminiEmbeddingModelSchema>;
