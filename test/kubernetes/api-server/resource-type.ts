/** What the server knows of one resource: its names, its schema, and where it departs from the common rules. */
import type { ApiObject, Json, JsonObject } from './json.ts';
import type { ScalePaths } from './scale.ts';
import type { Schema } from './schema.ts';
import type { Cause } from './statuses.ts';

export interface Column {
  readonly name: string;
  readonly type: string;
  readonly format?: string;
  readonly description: string;
  readonly priority?: number;
  readonly cell: (object: ApiObject) => Json;
}

export interface ResourceType {
  readonly group: string;
  readonly version: string;
  readonly plural: string;
  readonly singular: string;
  readonly kind: string;
  readonly listKind: string;
  readonly namespaced: boolean;
  readonly custom: boolean;
  /** A question that is answered and not kept. */
  readonly review: boolean;
  readonly schema: Schema;
  readonly status: boolean;
  readonly scale: boolean;
  /** Where a custom resource has what its scale shows. */
  readonly scalePaths?: ScalePaths;
  /** Whether `metadata.generation` counts changes of what is not metadata or status. */
  readonly generation: boolean;
  /** Whether an update may leave out the resourceVersion. */
  readonly unconditionalUpdate: boolean;
  /** Whether an update of a name that is not there creates it. */
  readonly createOnUpdate: boolean;
  /** Whether the answer to a delete is the object instead of a Status. */
  readonly deleteAnswersObject: boolean;
  /** The group that refusals name, where it is not its own. */
  readonly faultGroup?: string;
  readonly nameRule: 'subdomain' | 'label' | 'path';
  /** Fields beside metadata.name and metadata.namespace that a field selector may name. */
  readonly selectable: readonly string[];
  readonly shortNames: readonly string[];
  readonly categories: readonly string[];
  readonly columns: readonly Column[];
  /** Defaults that a schema cannot state; they run when an object is read. */
  readonly defaults?: (object: JsonObject) => void;
  /** What the server fills in when it creates or updates, which nobody owns. */
  readonly prepare?: (object: ApiObject, old: ApiObject | undefined) => void;
  readonly validate?: (object: ApiObject, old: ApiObject | undefined) => Cause[];
}

export const resourceKey = ({ group, plural }: ResourceType): string => `${group}/${plural}`;
export const apiVersionOf = ({ group, version }: ResourceType): string =>
  group === '' ? version : `${group}/${version}`;
