/** What there is to say of a kind beside its fields, and the schema of its whole objects. */
import { z } from 'zod';
import { ruled } from './rule.ts';

export const API_GROUP = 'chatelaine.dev';
export const API_VERSION = `${API_GROUP}/v1alpha1`;

/** A column of `kubectl get`. */
export interface PrinterColumn {
  readonly name: string;
  readonly type: 'string' | 'integer' | 'boolean' | 'date';
  readonly jsonPath: string;
  readonly description: string;
  /** 1 stands in `-o wide` alone. */
  readonly priority?: 0 | 1;
}

export interface CustomResource {
  readonly kind: string;
  readonly plural: string;
  readonly singular: string;
  readonly shortNames: readonly string[];
  readonly categories: readonly string[];
  readonly description: string;
  readonly columns: readonly PrinterColumn[];
  /** Whether `spec.replicas` is what `kubectl scale` and an autoscaler set. */
  readonly isScaled: boolean;
  /** A whole object. */
  readonly schema: z.ZodType;
  readonly spec: z.ZodType;
  readonly status: z.ZodType;
}

interface Wish<Spec extends z.ZodType, Status extends z.ZodType> {
  readonly kind: string;
  readonly shortNames: readonly string[];
  readonly description: string;
  readonly columns?: readonly PrinterColumn[];
  readonly isScaled?: boolean;
  readonly spec: Spec;
  readonly status: Status;
}

/** Services are named after the object, with a word behind; a SPIFFE ID has the name as it is. */
const LONGEST_NAME = 50;

const metadata = z.looseObject({ name: z.string(), namespace: z.string().optional() });

export function customResource<Spec extends z.ZodType, Status extends z.ZodType>(wish: Wish<Spec, Status>) {
  const { kind, spec, status, columns = [], isScaled = false } = wish;
  const schema = ruled(
    z.strictObject({
      apiVersion: z.literal(API_VERSION).describe('`chatelaine.dev/v1alpha1`.'),
      kind: z.literal(kind).describe(`\`${kind}\`.`),
      metadata: metadata.describe('Name, namespace and labels, as of every object.'),
      spec: spec.describe('What is wanted.'),
      status: status.optional().describe('What is, as the operator found it.'),
    }),
    {
      rule: `self.metadata.name.size() <= ${LONGEST_NAME} && self.metadata.name.matches('^[a-z0-9]([-a-z0-9]*[a-z0-9])?$')`,
      holds: ({ metadata: { name } }) => name.length <= LONGEST_NAME && /^[a-z0-9]([-a-z0-9]*[a-z0-9])?$/.test(name),
      message: `Services and certificates are named after the object: its name has at most ${LONGEST_NAME} of \`a-z\`, digits and \`-\``,
    },
  );
  return {
    kind,
    plural: `${kind.toLowerCase()}s`,
    singular: kind.toLowerCase(),
    shortNames: wish.shortNames,
    categories: ['chatelaine', 'mcp'],
    description: wish.description,
    columns: [...columns, ...EVERY],
    isScaled,
    schema,
    spec,
    status,
  } as const satisfies CustomResource;
}

const EVERY: readonly PrinterColumn[] = [
  { name: 'Phase', type: 'string', jsonPath: '.status.phase', description: 'All of it in one word.' },
  {
    name: 'Reason',
    type: 'string',
    jsonPath: '.status.conditions[?(@.type=="Ready")].reason',
    description: 'Why it is ready, or is not.',
    priority: 1,
  },
  { name: 'Age', type: 'date', jsonPath: '.metadata.creationTimestamp', description: 'Since when it is there.' },
];
