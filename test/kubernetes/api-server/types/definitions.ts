/** CustomResourceDefinition: its own schema, and the resource types that stored definitions make. */
import { type ApiObject, child, clone, isObject, type Json, type JsonObject, listAt, text } from '../json.ts';
import { age } from '../columns.ts';
import { definitionFaults } from '../definition-validation.ts';
import { jsonPath } from '../json-path.ts';
import type { Column, ResourceType } from '../resource-type.ts';
import type { Schema } from '../schema.ts';
import { builtIn } from './built-in.ts';
import { always, anything, bool, conditions, list, objectMeta, or, str, struct, topLevel } from './dialect.ts';

const names = struct({
  plural: always(str),
  singular: str,
  shortNames: list(str),
  kind: always(str),
  listKind: str,
  categories: list(str),
});

export const cleanupFinalizer = 'customresourcecleanup.apiextensions.k8s.io';

export const definitionType: ResourceType = builtIn(
  'apiextensions.k8s.io',
  'v1',
  'customresourcedefinitions',
  'CustomResourceDefinition',
  {
    namespaced: false,
    status: true,
    generation: true,
    shortNames: ['crd', 'crds'],
    categories: ['api-extensions'],
    schema: topLevel({
      spec: always(
        struct({
          group: str,
          names: always(names),
          scope: str,
          versions: list(
            struct({
              name: str,
              served: bool,
              storage: bool,
              deprecated: bool,
              deprecationWarning: str,
              schema: anything,
              subresources: anything,
              additionalPrinterColumns: list(anything),
              selectableFields: list(anything),
            }),
          ),
          conversion: or(struct({ strategy: str, webhook: anything }), { strategy: 'None' }),
          preserveUnknownFields: bool,
        }),
      ),
      status: always(
        struct({ conditions, acceptedNames: always(names), storedVersions: list(str), observedGeneration: anything }),
      ),
    }),
    defaults: (object) => {
      const given = child(child(object, 'spec'), 'names');
      given['singular'] ??= text(given['kind']).toLowerCase();
      given['listKind'] ??= `${text(given['kind'])}List`;
    },
    prepare: (object, old) => {
      if (old !== undefined) return;
      const stored = listAt(child(object, 'spec'), 'versions').filter(
        (one) => isObject(one) && one['storage'] === true,
      );
      object['status'] = {
        conditions: null,
        acceptedNames: { plural: '', kind: '' },
        storedVersions: stored.map((one) => (isObject(one) ? (one['name'] ?? '') : '')),
      };
    },
    validate: definitionFaults,
  },
);

/** The status a definition gets once its names are accepted and it is served. */
export function establishedStatus(definition: ApiObject, time: string): JsonObject {
  const condition = (type: string, reason: string, message: string): JsonObject => ({
    type,
    status: 'True',
    lastTransitionTime: time,
    reason,
    message,
  });
  return {
    conditions: [
      condition('NamesAccepted', 'NoConflicts', 'no conflicts found'),
      condition('Established', 'InitialNamesAccepted', 'the initial names have been accepted'),
    ],
    acceptedNames: clone(child(child(definition, 'spec'), 'names')),
    storedVersions: listAt(child(definition, 'status'), 'storedVersions'),
  };
}

export function servedTypes(definition: ApiObject): ResourceType[] {
  const spec = child(definition, 'spec');
  const given = child(spec, 'names');
  const strings = (name: string): string[] => listAt(given, name).map((one) => text(one));
  return listAt(spec, 'versions')
    .filter(isObject)
    .filter((version) => version['served'] === true)
    .map((version) => {
      const root = child(child(version, 'schema'), 'openAPIV3Schema') as Schema;
      const subresources = child(version, 'subresources');
      return {
        ...builtIn(text(spec['group']), text(version['name']), text(given['plural']), text(given['kind']), {
          schema: { ...root, properties: { ...root.properties, ...own } },
        }),
        singular: text(given['singular']),
        listKind: text(given['listKind']),
        custom: true,
        namespaced: spec['scope'] === 'Namespaced',
        status: isObject(subresources['status']),
        ...scaled(subresources['scale']),
        generation: true,
        shortNames: strings('shortNames'),
        categories: strings('categories'),
        selectable: listAt(version, 'selectableFields').map((one) =>
          text(isObject(one) ? one['jsonPath'] : '').replace(/^\./, ''),
        ),
        columns: printerColumns(listAt(version, 'additionalPrinterColumns')),
      };
    });
}

function scaled(scale: Json | undefined): Partial<ResourceType> {
  if (!isObject(scale)) return {};
  const [spec, status, selector] = ['specReplicasPath', 'statusReplicasPath', 'labelSelectorPath'].map((name) =>
    text(scale[name]),
  );
  return { scale: true, scalePaths: { spec: spec ?? '', status: status ?? '', selector: selector ?? '' } };
}

const own = { apiVersion: str, kind: str, metadata: objectMeta };

function printerColumns(given: readonly Json[]): Column[] {
  return given.filter(isObject).map((column) => {
    const path = text(column['jsonPath']);
    const type = text(column['type']);
    return {
      name: text(column['name']),
      type,
      format: text(column['format']),
      description: text(column['description']) || `Custom resource definition column (in JSONPath format): ${path}`,
      priority: typeof column['priority'] === 'number' ? column['priority'] : 0,
      cell: (object) => {
        const value = jsonPath(object, path);
        return type === 'date' && typeof value === 'string' ? age(value) : (value ?? null);
      },
    };
  });
}
