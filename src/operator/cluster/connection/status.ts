/** Refusals of the API server (`Status` of meta/v1) as catalogued errors. */
import { z } from 'zod';
import type { ChatelaineError } from '#kernel';
import { clusterError } from '../errors.ts';

const cause = z.object({ reason: z.string().optional(), message: z.string().optional(), field: z.string().optional() });

const statusSchema = z.object({
  kind: z.literal('Status'),
  message: z.string().optional(),
  reason: z.string().optional(),
  code: z.number().optional(),
  details: z
    .object({ retryAfterSeconds: z.number().optional(), causes: z.array(cause).nullish() })
    .loose()
    .nullish(),
});

export type Status = z.output<typeof statusSchema>;

export const readStatus = (value: unknown): Status | undefined => statusSchema.safeParse(value).data;

type Code = Parameters<typeof clusterError>[0];

/** By reason where a code has several; the code is what always is there. */
const BY_REASON: Readonly<Record<string, Code>> = {
  AlreadyExists: 'CLUSTER_ALREADY_EXISTS',
  Conflict: 'CLUSTER_CONFLICT',
  Expired: 'CLUSTER_GONE',
  Gone: 'CLUSTER_GONE',
  Timeout: 'CLUSTER_TIMEOUT',
  ServerTimeout: 'CLUSTER_TIMEOUT',
};

const BY_CODE: Readonly<Record<number, Code>> = {
  401: 'CLUSTER_UNAUTHORIZED',
  403: 'CLUSTER_FORBIDDEN',
  404: 'CLUSTER_NOT_FOUND',
  409: 'CLUSTER_CONFLICT',
  410: 'CLUSTER_GONE',
  422: 'CLUSTER_INVALID',
  429: 'CLUSTER_BUSY',
  504: 'CLUSTER_TIMEOUT',
};

function codeOf(code: number, reason: string, fields: readonly string[]): Code {
  // A patch that names the uid that was seen is of one that has another now: it was deleted, and made anew.
  if (code === 422 && fields.includes('metadata.uid')) return 'CLUSTER_CONFLICT';
  return BY_REASON[reason] ?? BY_CODE[code] ?? (code >= 500 ? 'CLUSTER_FAILED' : 'CLUSTER_REFUSED');
}

/** Enough for every field of a refusal; a webhook may write what it likes. */
const LONGEST_MESSAGE = 2000;

/**
 * `title` is what was asked. Where `confidential`, what the server says is left out: its messages repeat values of the
 * object, and those of a Secret are nobody's business in a log or a status.
 */
export function refusalError(
  title: string,
  code: number,
  status: Status | undefined,
  { confidential = false, retryAfter = '' }: { readonly confidential?: boolean; readonly retryAfter?: string } = {},
): ChatelaineError {
  const reason = status?.reason ?? '';
  const causes = status?.details?.causes ?? [];
  const fields = causes.flatMap(({ field }) => (field === undefined ? [] : [field]));
  const known = codeOf(code, reason, fields);
  const said = confidential
    ? [reason, ...fields].filter((one) => one !== '').join(', ')
    : (status?.message ?? '').slice(0, LONGEST_MESSAGE);
  const seconds = status?.details?.retryAfterSeconds ?? Number.parseInt(retryAfter, 10);
  return clusterError(known, `${title} was answered ${code}${said === '' ? '' : `: ${said}`}`, {
    details: {
      reason,
      causes: causes.map((one) => one.reason ?? ''),
      fields,
      ...(Number.isFinite(seconds) && seconds > 0 ? { retryAfterSeconds: seconds } : {}),
    },
  });
}

export const hasCode = (error: unknown, ...codes: readonly Code[]): error is ChatelaineError =>
  error instanceof Error && codes.includes((error as Partial<ChatelaineError>).code as Code);
