/** What the operator reports of an object, the same way of every kind. */
import { z } from 'zod';
import { line } from './scalars.ts';
import { listMap } from './lists.ts';
import { saying } from './structural.ts';

export const CONDITION_STATUSES = ['True', 'False', 'Unknown'] as const;

export const moment = saying(
  z
    .string()
    .max(64)
    .refine((text) => /^\d{4}-\d\d-\d\dT/.test(text) && !Number.isNaN(Date.parse(text)), {
      error: 'this is no moment (RFC 3339 §5.6)',
    }),
  { format: 'date-time' },
);
const generation = saying(z.int().min(0).max(Number.MAX_SAFE_INTEGER), { format: 'int64' });

/** `metav1.Condition`. */
const condition = z.strictObject({
  type: z
    .string()
    .min(1)
    .max(316)
    .regex(
      /^([a-z0-9]([-a-z0-9]*[a-z0-9])?(\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*\/)?(([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9])$/,
    )
    .describe('What it is about, such as `Ready`.'),
  status: z.enum(CONDITION_STATUSES).describe('Whether it is so.'),
  observedGeneration: generation.optional().describe('The generation of the object that this was said of.'),
  lastTransitionTime: moment.describe('When `status` changed last.'),
  reason: z
    .string()
    .min(1)
    .max(1024)
    .regex(/^[A-Za-z]([A-Za-z0-9_,:]*[A-Za-z0-9_])?$/)
    .describe('Why, in one word for programs.'),
  message: z.string().max(32_768).describe('Why, for people: what is wrong, where, and what to do.'),
});
export type Condition = z.output<typeof condition>;

/** The fields that every status has. */
export const statusFields = <const Phases extends readonly [string, ...string[]]>(...phases: Phases) => ({
  observedGeneration: generation.optional().describe('The generation of the object that the rest was said of.'),
  phase: z.enum(phases).optional().describe('All of it in one word, for people; programs read `conditions`.'),
  conditions: listMap(condition, 'type', 32).optional().describe('What is so of the object, each by its `type`.'),
});

/** Of what runs in pods. */
export const workloadStatusFields = {
  replicas: z.int().min(0).max(10_000).optional().describe('How many pods there are.'),
  readyReplicas: z.int().min(0).max(10_000).optional().describe('How many of them serve.'),
  selector: z.string().max(2048).optional().describe('The labels of these pods, for whoever scales them.'),
  configHash: line(128).optional().describe('The digest of the configuration that the pods have.'),
};

/** A certificate that the operator looks after. */
export const certificateStatus = z.strictObject({
  secretName: line(253).optional().describe('The Secret that holds it.'),
  serial: line(128).optional().describe('Its serial number, as records of the exchange name it.'),
  notAfter: moment.optional().describe('When it expires.'),
  renewAt: moment.optional().describe('When it is renewed.'),
});
