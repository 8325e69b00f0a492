/** AdmissionReview (admission.k8s.io/v1): what comes and what is answered. */
import { z } from 'zod';
import { err, ok, parseStrictJson, type Result } from '#kernel';

const kind = z.object({ group: z.string(), version: z.string(), kind: z.string() });
const anObject = z.record(z.string(), z.unknown());
const absent = <Schema extends z.ZodType>(schema: Schema) => schema.nullish().transform((value) => value ?? undefined);

const operation = z.enum(['CREATE', 'UPDATE', 'DELETE', 'CONNECT']);
export type Operation = z.output<typeof operation>;

/** What is not looked at is let through: API servers of later versions send more. */
const reviewSchema = z.object({
  apiVersion: z.literal('admission.k8s.io/v1'),
  kind: z.literal('AdmissionReview'),
  request: z.object({
    uid: z.string().min(1).max(128),
    kind,
    operation,
    subResource: absent(z.string()),
    name: absent(z.string()),
    namespace: absent(z.string()),
    object: absent(anObject),
    oldObject: absent(anObject),
    dryRun: absent(z.boolean()),
  }),
});

export type AdmissionRequest = z.output<typeof reviewSchema>['request'];

/** An object in etcd has at most 1.5 MB, and a review two of them. */
export const LARGEST_BODY = 4 * 1024 * 1024;
const DEEPEST = 100;

/** The request of a body; the error says what is wrong with it. */
export function readReview(body: Buffer): Result<AdmissionRequest, string> {
  const parsed = parseStrictJson(body, { maxDepth: DEEPEST });
  if (!parsed.ok) return err(`the body is no JSON that counts: ${parsed.error}`);
  const review = reviewSchema.safeParse(parsed.value);
  if (review.success) return ok(review.data.request);
  const [issue] = review.error.issues;
  return err(`the body is no AdmissionReview of admission.k8s.io/v1: \`${issue?.path.join('.')}\` ${issue?.message}`);
}

export interface Answer {
  readonly allowed: boolean;
  /** Why not; absent where it is allowed. */
  readonly status?: { readonly code: number; readonly reason: string; readonly message: string } | undefined;
  readonly warnings?: readonly string[] | undefined;
}

export const printAnswer = (uid: string, { allowed, status, warnings = [] }: Answer): string =>
  JSON.stringify({
    apiVersion: 'admission.k8s.io/v1',
    kind: 'AdmissionReview',
    response: {
      ...{ uid, allowed },
      ...(status && { status }),
      ...(warnings.length > 0 && { warnings }),
    },
  });
