import { execFile } from 'node:child_process';
import { cpSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { expect, onTestFinished, test } from 'vitest';

const ROOT = join(import.meta.dirname, '..', '..', '..');

/** An entry of the lockfile. */
interface Locked {
  readonly version: string;
  readonly dev?: boolean;
  readonly devOptional?: boolean;
  readonly optional?: boolean;
  readonly link?: boolean;
}

const json = (file: string): unknown => JSON.parse(readFileSync(join(ROOT, file), 'utf8'));

test('the image says what it consists of: every package that it runs with, and none of development (SUP-002)', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'chatelaine-sbom-'));
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
  for (const part of ['package.json', 'package-lock.json', '.npmrc', 'examples', 'scripts/bootstrap.mjs'])
    cpSync(join(ROOT, part), join(folder, part), { recursive: true });
  const steps = /RUN rm -rf node_modules && (.+?sbom\.cdx\.json)/s.exec(
    readFileSync(join(ROOT, 'Dockerfile'), 'utf8').replaceAll(/\\\n\s*/g, ''),
  )?.[1];
  await promisify(execFile)('sh', ['-euc', steps ?? 'false'], { cwd: folder });
  const bill = JSON.parse(readFileSync(join(folder, 'sbom.cdx.json'), 'utf8')) as {
    components: readonly { purl: string }[];
  };
  const named = bill.components.map(({ purl }) => decodeURIComponent(purl.replace(/^pkg:npm\//, '')));
  const { packages } = json('package-lock.json') as { packages: Readonly<Record<string, Locked>> };
  const wanted = Object.entries(packages).filter(
    // Parts of the repository are not packages.
    ([place, { dev, devOptional, optional, link }]) =>
      place.includes('node_modules/') && !(dev || devOptional || optional || link),
  );
  expect(wanted.length).toBeGreaterThan(100);
  for (const [place, { version }] of wanted)
    expect(named, place).toContain(`${place.split('node_modules/').at(-1)}@${version}`);
  const { devDependencies } = json('package.json') as { devDependencies: Readonly<Record<string, string>> };
  expect(named).not.toContain(`vitest@${devDependencies['vitest']}`);
});
