import { z } from 'zod';
import { ROLES, type Role } from '#contract';
import type { Clock } from '#kernel';
import type { AuditLog } from '../audit-log.ts';

/** Who holds what, as identity and vault know it: the port that whoever wires fills. */
export interface AccessSource {
  /** One after the other: there may be more than fit into memory. */
  holders(): AsyncIterable<AccessHolder>;
}

/** Somebody and what they hold, also where they cannot use it now: what is disabled can be enabled. */
export interface AccessHolder {
  readonly kind: 'user' | 'agent';
  readonly iss: string;
  readonly sub: string;
  readonly name: string;
  readonly namespace: string;
  readonly createdAt: number;
  readonly disabled: boolean;
  readonly roles: readonly HeldRole[];
  readonly keys: readonly AccessKey[];
  /** What of the vault the tools use that they may call. */
  readonly secrets: readonly { readonly namespace: string; readonly name: string; readonly lastUsedAt?: number }[];
}

/** `admin` everywhere, or `tool_publisher` in `payments`. */
export interface HeldRole {
  readonly role: Role;
  /** Absent: everywhere. */
  readonly namespace?: string;
  /** The group or the configuration that it comes from; absent where it was given to them. */
  readonly by?: string;
  /** The namespace is disabled, and the role counts for nothing until it is enabled. */
  readonly disabled?: true;
}

export interface AccessKey {
  readonly id: string;
  /** `read`, `execute`, `admin`. */
  readonly access: readonly string[];
  readonly scopes: readonly string[];
  /** Those it may call; absent: every one. */
  readonly tools?: readonly string[];
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
      createdAt: moment,
      disabled: z.boolean(),
      roles: z.array(
        z.strictObject({
          role: z.enum(ROLES),
          namespace: z.string().optional().describe('Absent: everywhere.'),
          by: z.string().optional().describe('The group or the configuration that it comes from.'),
          disabled: z.literal(true).optional().describe('The namespace is disabled.'),
        }),
      ),
      keys: z.array(
        z.strictObject({
          id: z.string(),
          access: z.array(z.string()),
          scopes: z.array(z.string()),
          tools: z.array(z.string()).optional().describe('Absent: every one.'),
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
 * Who holds which roles, keys and secrets, when each was last used, and what stands out: the pieces of one
 * JSON document of `accessReviewSchema`, one holder in memory at a time. `unusedMs` is how far it looks
 * back. What somebody did last comes from the log, not from a column that somebody could have set.
 */
export async function* reviewAccess(
  source: AccessSource,
  log: Pick<AuditLog, 'query'>,
  { clock, unusedMs }: { readonly clock: Clock; readonly unusedMs: number },
): AsyncGenerator<string, void, undefined> {
  const now = clock.now();
  const since = now - unusedMs;
  const head = { format: 'chatelaine-access-review/1', madeAt: iso(now), since: iso(since) };
  yield `${JSON.stringify(head).slice(0, -1)},"holders":[`;
  let lead = '';
  for await (const holder of source.holders()) {
    const { records } = await log.query({ actor: holder.sub, issuer: holder.iss }, { limit: 1 });
    const [last] = records;
    const reviewed: Reviewed = {
      ...holder,
      createdAt: iso(holder.createdAt),
      roles: holder.roles.map((role) => ({ ...role })),
      keys: holder.keys.map(({ access, scopes, tools, createdAt, expiresAt, lastUsedAt, id }) => ({
        id,
        access: [...access],
        scopes: [...scopes],
        ...(tools !== undefined && { tools: [...tools] }),
        createdAt: iso(createdAt),
        ...(expiresAt !== undefined && { expiresAt: iso(expiresAt) }),
        ...(lastUsedAt !== undefined && { lastUsedAt: iso(lastUsedAt) }),
      })),
      secrets: holder.secrets.map(({ namespace, name, lastUsedAt }) => ({
        namespace,
        name,
        ...(lastUsedAt !== undefined && { lastUsedAt: iso(lastUsedAt) }),
      })),
      ...(last && { lastSeen: { time: last.time, type: last.type, id: last.id } }),
      remarks: remarksOn(holder, last && Date.parse(last.time), { now, since }),
    };
    yield lead + JSON.stringify(reviewed);
    lead = ',';
  }
  yield ']}';
}

type Remark = (typeof ACCESS_REMARKS)[number];

/** Pure: what stands out of one holder. */
export function remarksOn(
  {
    createdAt,
    disabled,
    roles,
    keys,
    secrets,
  }: Pick<AccessHolder, 'createdAt' | 'disabled' | 'roles' | 'keys' | 'secrets'>,
  lastSeen: number | undefined,
  { now, since }: { readonly now: number; readonly since: number },
): Remark[] {
  const holds = roles.length + keys.length + secrets.length > 0;
  const live = keys.filter(({ expiresAt = Infinity }) => expiresAt > now);
  const remarks: readonly (readonly [Remark, boolean])[] = [
    // Whoever came yesterday has not left anything unused for months.
    ['unused', holds && (lastSeen ?? createdAt) < since],
    ['disabled-with-access', disabled && holds],
    ['key-unused', live.some((key) => (key.lastUsedAt ?? key.createdAt) < since)],
    ['key-without-expiry', keys.some(({ expiresAt }) => expiresAt === undefined)],
    ['key-expired', live.length < keys.length],
  ];
  return remarks.filter(([, stands]) => stands).map(([remark]) => remark);
}

const iso = (ms: number): string => new Date(ms).toISOString();
