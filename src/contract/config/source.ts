import { z } from 'zod';
import { namespaceName, resourceName } from './common.ts';
import { labelsField, trustField } from './outputs.ts';

/** `kind: source`: a connection. The fields of its type are the source type's own (`toolbox/sources/`). */
export const sourceSchema = z.strictObject({
  kind: z.literal('source'),
  namespace: namespaceName,
  name: resourceName.describe('The name that tools refer to.'),
  type: z.string().describe('The source type; the sections below list them.'),
  labels: labelsField,
  trust: trustField,
});

export type SourceCommon = z.output<typeof sourceSchema>;
