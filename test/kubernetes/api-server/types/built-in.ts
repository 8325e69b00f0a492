/** A built-in type from what is special about it. */
import type { ResourceType } from '../resource-type.ts';
import type { Schema } from '../schema.ts';

export function builtIn(
  group: string,
  version: string,
  plural: string,
  kind: string,
  special: Partial<ResourceType> & { readonly schema: Schema },
): ResourceType {
  return {
    group,
    version,
    plural,
    kind,
    singular: kind.toLowerCase(),
    listKind: `${kind}List`,
    namespaced: true,
    custom: false,
    review: false,
    status: false,
    scale: false,
    generation: false,
    unconditionalUpdate: false,
    createOnUpdate: false,
    deleteAnswersObject: false,
    nameRule: 'subdomain',
    selectable: [],
    shortNames: [],
    categories: [],
    columns: [],
    ...special,
  };
}
