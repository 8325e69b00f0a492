import { z } from 'zod';
import { duration } from './common.ts';
import { absolutePath } from './database.ts';

/** How the public key of a backup's recipient begins; 32 bytes in base64url follow. */
export const RECIPIENT_PREFIX = 'chb1';

const recipient = z.string().regex(new RegExp(`^${RECIPIENT_PREFIX}[A-Za-z0-9_-]{43}$`), {
  error: `a recipient begins with \`${RECIPIENT_PREFIX}\`; \`chatelaine backup key create\` makes one`,
});

/** `backup:` of `kind: server`: who makes backups, how often, for whom, and how many stay. */
export const backupSchema = z.strictObject({
  folder: absolutePath.describe('Where backups go, best on another volume or machine.'),
  recipient: recipient.describe('The public key that backups are encrypted for. The private one stays elsewhere.'),
  every: duration
    .default(86_400_000)
    .refine((ms) => ms >= 60_000, { error: 'more often than once a minute is no backup but a load' })
    .describe('How often; counted from the newest backup there is.'),
  keep: z.int().min(1).max(10_000).default(14).describe('How many stay; older ones are deleted.'),
});

export type BackupSettings = z.output<typeof backupSchema>;
