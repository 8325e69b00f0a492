/** The API server for tests answers as kube-apiserver 1.36 did when it was recorded, step by step. */
import { describe, expect, test } from 'vitest';
import { replay, recording } from './replay.ts';
import { outOfScope } from './out-of-scope.ts';

const files = [
  '00-setup',
  '01-discovery',
  '02-crd',
  '03-custom-resource',
  '04-validation',
  '05-optimistic-locking-and-patch',
  '06-server-side-apply',
  '07-status-subresource',
  '08-list',
  '09-watch',
  '10-finalizers-and-delete',
  '11-owners-and-deletecollection',
  '12-lease',
  '13-core-by-apply',
  '14-rbac',
  '15-events',
  '16-admission',
  '17-tokens',
];

const beyond = files.reduce((sum, file) => sum + (outOfScope[file]?.size ?? 0), 0);

describe(`recorded exchanges; ${beyond} steps of all files are out of scope`, () => {
  test.each(
    files.map((file) => {
      const skipped = outOfScope[file]?.size ?? 0;
      return { file, steps: recording(file).length - skipped, skipped };
    }),
  )('$file: $steps steps are answered as recorded, $skipped are out of scope', async ({ file }) => {
    const wrong = (await replay(file)).filter(({ differences }) => differences.length > 0);
    const report = wrong.map(
      ({ step, note, differences }) => `${file} #${step} ${note}\n    ${differences.join('\n    ')}`,
    );
    expect(report.join('\n')).toBe('');
  });
});
