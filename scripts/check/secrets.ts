/**
 * No secret in the tree: every tracked file, and every file that would be tracked, is searched for
 * the shapes of keys and tokens and for random values under secret names.
 *
 * Data that only looks like a secret (an example token of an RFC) is allowed by the digest of its
 * text, with a reason, in `secrets/allowances.json`. An allowance that nothing needs is an error:
 * the list must not outlive its causes.
 */
import { readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { z } from 'zod';
import { counted, failed, verdictOf, type Check } from './check.ts';
import { runProgram } from './run-program.ts';
import { scanText } from './secrets/scan-text.ts';

const ALLOWANCES = 'scripts/check/secrets/allowances.json';
/** Larger files are data sets and recordings; git should not hold them anyway. */
const MAX_BYTES = 4 * 1024 * 1024;

const allowancesSchema = z.array(
  z.strictObject({ digest: z.string().regex(/^[0-9a-f]{64}$/), reason: z.string().min(10) }),
);
export type Allowances = z.infer<typeof allowancesSchema>;

/** One sentence for each secret in the files and for each allowance that nothing needs. */
export function findSecrets(root: string, files: readonly string[], allowances: Allowances): string[] {
  const needed = new Set<string>();
  const findings = files.flatMap((file) => {
    const bytes = readFileSync(join(root, file));
    if (bytes.includes(0)) return []; // binary
    return scanText(bytes.toString('utf8')).flatMap(({ shape, line, digest }) => {
      needed.add(digest);
      if (allowances.some((allowance) => allowance.digest === digest)) return [];
      return [
        `${file}:${line} looks like a secret (${shape}); take it out and revoke it. If it opens nothing, allow its digest ${digest} in ${ALLOWANCES}, with the reason`,
      ];
    });
  });
  const stale = allowances
    .filter(({ digest }) => !needed.has(digest))
    .map(({ digest, reason }) => `${ALLOWANCES} allows ${digest} (${reason}), which stands nowhere; remove the entry`);
  return [...findings, ...stale];
}

export const secrets: Check = {
  name: 'secrets',
  proves: 'no key, token or password stands in a file that is or would be tracked',
  async run(root) {
    const git = await runProgram('git', ['ls-files', '-z', '--cached', '--others', '--exclude-standard'], root);
    if (git.status !== 0) return failed('git cannot say which files are ours', [git.output.trim()]);
    const files = [...new Set(git.stdout.split('\0'))].filter((file) => {
      const stats = file === '' ? undefined : statSync(join(root, file), { throwIfNoEntry: false });
      return stats?.isFile() && stats.size <= MAX_BYTES;
    });
    const allowances = allowancesSchema.parse(JSON.parse(readFileSync(join(root, ALLOWANCES), 'utf8')));
    return verdictOf(findSecrets(root, files, allowances), counted(files.length, 'file'));
  },
};
