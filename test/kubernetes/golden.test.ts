/** The API server for tests answers as kube-apiserver 1.36 did when it was recorded, step by step. */
import { describe, expect, test } from 'vitest';
import { replay, recording } from './replay.ts';
import { outOfScope } from './out-of-scope.ts';

const files = [
  '00-setup',
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
];

const skipped = (file: string): ReadonlyMap<number, string> => new Map(outOfScope[file] ?? []);

describe('recorded exchanges', () => {
  test.each(
    files.map((file) => ({ file, steps: recording(file).length - skipped(file).size, beyond: skipped(file).size })),
  )('$file: $steps steps are answered as recorded, $beyond are out of scope', async ({ file }) => {
    const beyond = skipped(file);
    const results = await replay(file);
    const wrong = results.filter(({ step, differences }) => differences.length > 0 && !beyond.has(step));
    const report = wrong.map(
      ({ step, note, differences }) => `${file} #${step} ${note}\n    ${differences.join('\n    ')}`,
    );
    expect(report.join('\n')).toBe('');
    const answered = results.filter(({ step, differences }) => differences.length === 0 && beyond.has(step));
    expect(
      answered.map(({ step }) => step),
      'steps of the table that are answered as recorded do not belong in it',
    ).toEqual([]);
  });
});
