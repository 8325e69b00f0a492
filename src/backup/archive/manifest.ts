import { z } from 'zod';
import { ledgerHead } from '../ledger/entry.ts';

const digest = z.string().regex(/^[0-9a-f]{64}$/);

/** The last part of a backup: what it is a copy of, and what its other parts must be. */
export const manifestSchema = z.strictObject({
  v: z.literal(1),
  id: z.string().length(26),
  createdAt: z.iso.datetime({ precision: 3 }),
  /** Of Chatelaine. */
  version: z.string(),
  database: z.strictObject({ type: z.enum(['sqlite', 'postgres']), migrations: z.array(z.string()) }),
  /** Absent where the data directory has no audit log. */
  audit: z
    .strictObject({
      installation: z.string().length(26),
      /** Public keys, PEM, of all that ever signed checkpoints of this log. */
      keys: z.array(z.string()),
      checkpoints: z.int().nonnegative(),
      writers: z.array(z.strictObject({ id: z.string().length(26), seq: z.int().nonnegative(), hash: digest })),
    })
    .optional(),
  /** Where the ledger stood before the database was copied. */
  ledger: ledgerHead,
  parts: z.array(z.strictObject({ name: z.string(), bytes: z.int().nonnegative(), sha256: digest })),
});
export type Manifest = z.output<typeof manifestSchema>;

export const MANIFEST = 'manifest.json';
