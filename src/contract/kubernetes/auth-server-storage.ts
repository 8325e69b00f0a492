/** Where a server keeps its state: a volume of one pod, or PostgreSQL with counters in Valkey. */
import { z } from 'zod';
import { changing, ruled } from './rule.ts';
import { caBundleRef, secretKeyRef, tlsSecretRef } from './references.ts';
import { line, port, quantity } from './scalars.ts';

const host = z
  .string()
  .min(1)
  .max(253)
  .regex(/^[A-Za-z0-9.:-]+$/, { error: 'a host is a name or an address, without port' });

/** `counters:` of `kind: server`, of the type `redis`. */
const counters = z.strictObject({
  host: host.describe('Redis or Valkey: its host.'),
  port: port.default(6379).describe('Its port.'),
  database: z.int().min(0).max(65_535).default(0).describe('The number of the database.'),
  username: line(128).optional().describe('The user (ACL); `default` else.'),
  passwordSecretRef: secretKeyRef.optional().describe('The password.'),
  prefix: z
    .string()
    .regex(/^[A-Za-z0-9_.:-]{1,64}$/, { error: 'a prefix is made of letters, digits, `_`, `.`, `:` and `-`' })
    .max(64)
    .default('chatelaine:')
    .describe('What the names of all its keys begin with.'),
  tls: z
    .strictObject({
      caBundleRef: caBundleRef.optional().describe('Certificates to trust; else the system’s.'),
      serverName: line(253).optional().describe('The name in the certificate, when it is not `host`.'),
    })
    .prefault({})
    .describe('TLS, which is always on: pods are other machines.'),
});

const sqlite = z.strictObject({
  type: z.literal('sqlite').describe('`sqlite`, a file on a volume, or `postgres` with its fields.'),
  volume: z
    .strictObject({
      size: quantity.default('1Gi').describe('How much is claimed.'),
      storageClassName: line(253)
        .optional()
        .describe('The class of the volume; the default of the cluster without it.'),
    })
    .optional()
    .describe('The volume that is claimed; 1Gi of the default class without it.'),
});

const role = z.string().min(1).max(63);

/** `database:` of `kind: server`, of the type `postgres`. */
const postgres = ruled(
  z.strictObject({
    type: z.literal('postgres').describe('`sqlite`, a file on a volume, or `postgres` with its fields.'),
    host: host.describe('Its host.'),
    port: port.default(5432).describe('Its port.'),
    database: line(63).describe('The name of the database.'),
    user: role.describe('The role that serves. With `migration`, one that may not change the schema.'),
    passwordSecretRef: secretKeyRef.optional().describe('The password of `user`; none with a client certificate.'),
    schema: z
      .string()
      .max(63)
      .regex(/^[a-z_][a-z0-9_]{0,62}$/, { error: 'a schema is named with lower-case letters, digits and `_`' })
      .default('chatelaine')
      .describe('The schema that is Chatelaine’s own.'),
    poolSize: z.int().min(1).max(500).default(10).describe('How many connections one process keeps.'),
    tls: z
      .strictObject({
        caBundleRef: caBundleRef.optional().describe('Certificates to trust; else the system’s.'),
        certificateRef: tlsSecretRef.optional().describe('Our certificate and its key.'),
        serverName: line(253).optional().describe('The name in the certificate, when it is not `host`.'),
      })
      .optional()
      .describe('TLS. Certificate and name are always checked: pods are other machines.'),
    migration: z
      .strictObject({
        user: role.describe('The role that owns the schema.'),
        passwordSecretRef: secretKeyRef.optional().describe('Its password.'),
      })
      .optional()
      .describe('The role that changes the schema and gives `user` what it needs, and no more.'),
    counters: counters.optional().describe('Where limits are counted over all replicas: Redis or Valkey.'),
  }),
  {
    rule: 'has(self.passwordSecretRef) || (has(self.tls) && has(self.tls.certificateRef))',
    holds: ({ passwordSecretRef, tls }) => passwordSecretRef !== undefined || tls?.certificateRef !== undefined,
    message: 'nothing proves who we are to PostgreSQL: give `passwordSecretRef` or `tls.certificateRef`',
  },
  {
    rule: '!has(self.migration) || self.migration.user != self.user',
    holds: ({ migration, user }) => migration?.user !== user,
    message: '`migration.user` is the role that serves; name another, or leave `migration` out',
    field: 'migration',
  },
);

export const authServerStorage = changing(z.discriminatedUnion('type', [sqlite, postgres]), {
  rule: 'self.type == oldSelf.type',
  holds: ({ type }, old) => type === old.type,
  message:
    'sign-ins, grants and keys do not move by themselves: restore a backup of this one into another object that has the other storage',
  field: 'type',
});

export type AuthServerStorage = z.output<typeof authServerStorage>;

interface Replicated {
  readonly replicas: number;
  readonly storage: AuthServerStorage;
}

/** Of whatever has replicas and a storage. */
export const REPLICAS_NEED_A_DATABASE = {
  rule: "self.replicas <= 1 || (self.storage.type == 'postgres' && has(self.storage.counters))",
  holds: ({ replicas, storage }: Replicated): boolean =>
    replicas <= 1 || (storage.type === 'postgres' && storage.counters !== undefined),
  message:
    'several replicas share one PostgreSQL and one Valkey: give `storage` the type `postgres` and `counters`, or leave `replicas` at 1',
  field: 'replicas',
} as const;
