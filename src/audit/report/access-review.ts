import { z } from 'zod';
import type { Clock } from '#kernel';
import type { AuditLog } from '../audit-log.ts';

/** Who holds what, as identity and vault know it: the port that whoever wires fills. */
export interface AccessSource {
  holders(): AsyncIterable<AccessHolder>;
}

export interface AccessHolder {
  readonly kind: 'user' | 'agent';
  readonly iss: string;
  readonly sub: string;
  readonly name: string;
  readonly namespace: string;
  readonly disabled: boolean;
  /** `admin` everywhere, or `tool_publisher` in `payments`. */
  readonly roles: readonly { readonly role: string; readonly namespace?: string; readonly by?: string }[];
  readonly keys: readonly AccessKey[];
  /** What of the vault they may use. */
  readonly secrets: readonly { readonly namespace: string; readonly name: string; readonly lastUsedAt?: number }[];
}

export interface AccessKey {
  readonly id: string;
  readonly scopes: readonly string[];
  readonly createdAt: number;
  readonly expiresAt?: number;
  readonly lastUsedAt?: number;
}

const moment = z.iso.datetime({ precision: 3 });

/** What a reviewer should look at first. */
export const ACCESS_REMARKS = [
  /** Nothing on record in the time looked back on. */
  'unused',
  'disabled-with-access',
  'key-unused',
  'key-without-expiry',
  'key-expired',
] as const;

export const accessReviewSchema = z.strictObject({
  format: z.literal('chatelaine-access-review/1'),
  madeAt: moment,
  /** Use is looked for from here on. */
  since: moment,
  holders: z.array(
    z.strictObject({
      kind: z.enum(['user', 'agent']),
      iss: z.string(),
      sub: z.string(),
      name: z.string(),
      namespace: z.string(),
      disabled: z.boolean(),
      roles: z.array(z.strictObject({ role: z.string(), namespace: z.string().optional(), by: z.string().optional() })),
      keys: z.array(
        z.strictObject({
          id: z.string(),
          scopes: z.array(z.string()),
          createdAt: moment,
          expiresAt: moment.optional(),
          lastUsedAt: moment.optional(),
        }),
      ),
      secrets: z.array(z.strictObject({ namespace: z.string(), name: z.string(), lastUsedAt: moment.optional() })),
      /** The last thing on record that they did. */
      lastSeen: z.strictObject({ time: moment, type: z.string(), id: z.string() }).optional(),
      remarks: z.array(z.enum(ACCESS_REMARKS)),
    }),
  ),
});
export type AccessReview = z.infer<typeof accessReviewSchema>;
type Reviewed = AccessReview['holders'][number];

/**
 * Who holds which roles, keys and secrets, when each was last used, and what stands out. `unusedMs` is
 * how far it looks back. What somebody did last comes from the log, not from a column that somebody
 * could have set.
 */
export async function reviewAccess(
  source: AccessSource,
  log: Pick<AuditLog, 'query'>,
  { clock, unusedMs }: { readonly clock: Clock; readonly unusedMs: number },
): Promise<AccessReview> {
  const now = clock.now();
  const since = now - unusedMs;
  const holders: Reviewed[] = [];
  for await (const holder of source.holders()) {
    const { records } = await log.query({ actor: holder.sub, issuer: holder.iss }, { limit: 1 });
    const [last] = records;
    holders.push({
      ...holder,
      roles: holder.roles.map((role) => ({ ...role })),
      keys: holder.keys.map((key) => ({
        id: key.id,
        scopes: [...key.scopes],
        createdAt: iso(key.createdAt),
        ...(key.expiresAt !== undefined && { expiresAt: iso(key.expiresAt) }),
        ...(key.lastUsedAt !== undefined && { lastUsedAt: iso(key.lastUsedAt) }),
      })),
      secrets: holder.secrets.map(({ namespace, name, lastUsedAt }) => ({
        namespace,
        name,
        ...(lastUsedAt !== undefined && { lastUsedAt: iso(lastUsedAt) }),
      })),
      ...(last && { lastSeen: { time: last.time, type: last.type, id: last.id } }),
      remarks: remarksOn(holder, last && Date.parse(last.time), { now, since }),
    });
  }
  return { format: 'chatelaine-access-review/1', madeAt: iso(now), since: iso(since), holders };
}

type Remark = (typeof ACCESS_REMARKS)[number];

/** Pure: what stands out of one holder. */
export function remarksOn(
  { disabled, roles, keys, secrets }: Pick<AccessHolder, 'disabled' | 'roles' | 'keys' | 'secrets'>,
  lastSeen: number | undefined,
  { now, since }: { readonly now: number; readonly since: number },
): Remark[] {
  const holds = roles.length + keys.length + secrets.length > 0;
  const live = keys.filter(({ expiresAt = Infinity }) => expiresAt > now);
  const remarks: readonly (readonly [Remark, boolean])[] = [
    ['unused', holds && (lastSeen ?? 0) < since],
    ['disabled-with-access', disabled && holds],
    ['key-unused', live.some((key) => (key.lastUsedAt ?? key.createdAt) < since)],
    ['key-without-expiry', keys.some(({ expiresAt }) => expiresAt === undefined)],
    ['key-expired', live.length < keys.length],
  ];
  return remarks.filter(([, stands]) => stands).map(([remark]) => remark);
}

const iso = (ms: number): string => new Date(ms).toISOString();
