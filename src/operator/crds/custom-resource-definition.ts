/** A CustomResourceDefinition, whole. */
import { API_GROUP, API_VERSION, structural, type CustomResource, type PrinterColumn } from '#contract/kubernetes';
import { structuralSchema } from './from-zod.ts';
import type { StructuralSchema } from './structural-schema.ts';
import { validationRules } from './validation-rules.ts';

export interface CustomResourceDefinition {
  readonly apiVersion: 'apiextensions.k8s.io/v1';
  readonly kind: 'CustomResourceDefinition';
  readonly metadata: { readonly name: string; readonly labels: Readonly<Record<string, string>> };
  readonly spec: {
    readonly group: string;
    readonly scope: 'Namespaced';
    readonly names: {
      readonly kind: string;
      readonly listKind: string;
      readonly plural: string;
      readonly singular: string;
      readonly shortNames: readonly string[];
      readonly categories: readonly string[];
    };
    readonly versions: readonly [Version];
  };
}

interface Version {
  readonly name: string;
  readonly served: true;
  readonly storage: true;
  readonly additionalPrinterColumns: readonly PrinterColumn[];
  readonly subresources: {
    readonly status: Readonly<Record<string, never>>;
    readonly scale?: {
      readonly specReplicasPath: string;
      readonly statusReplicasPath: string;
      readonly labelSelectorPath: string;
    };
  };
  readonly schema: { readonly openAPIV3Schema: StructuralSchema };
}

const SCALE = {
  specReplicasPath: '.spec.replicas',
  statusReplicasPath: '.status.replicas',
  labelSelectorPath: '.status.selector',
} as const;

export function customResourceDefinition(resource: CustomResource): CustomResourceDefinition {
  const { kind, plural, singular, shortNames, categories, columns, isScaled } = resource;
  return {
    apiVersion: 'apiextensions.k8s.io/v1',
    kind: 'CustomResourceDefinition',
    metadata: { name: `${plural}.${API_GROUP}`, labels: { 'app.kubernetes.io/part-of': 'chatelaine' } },
    spec: {
      group: API_GROUP,
      scope: 'Namespaced',
      names: { kind, listKind: `${kind}List`, plural, singular, shortNames, categories },
      versions: [
        {
          name: API_VERSION.slice(API_GROUP.length + 1),
          served: true,
          storage: true,
          additionalPrinterColumns: columns,
          subresources: { status: {}, ...(isScaled && { scale: SCALE }) },
          schema: { openAPIV3Schema: wholeObject(resource) },
        },
      ],
    },
  };
}

/** The API server knows apiVersion, kind and metadata itself, and takes nothing said of them but that they are there. */
function wholeObject({ kind, description, schema, spec, status }: CustomResource): StructuralSchema {
  return {
    type: 'object',
    description,
    required: ['spec'],
    properties: {
      apiVersion: { type: 'string' },
      kind: { type: 'string' },
      metadata: { type: 'object' },
      spec: { ...structuralSchema(spec, `${kind}.spec`), description: 'What is wanted.' },
      status: { ...structuralSchema(status, `${kind}.status`), description: 'What is, as the operator found it.' },
    },
    'x-kubernetes-validations': validationRules(structural.get(schema)),
  };
}
