/** The image without an engine for containers: what its Dockerfile says is laid out in a folder, and started as it says. */
import { execFile } from 'node:child_process';
import { cpSync, existsSync, mkdirSync, readFileSync, symlinkSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { expect, test } from 'vitest';
import { build } from '../build.ts';
import { temporaryFolder } from './temporary-folder.ts';

const ROOT = join(import.meta.dirname, '..', '..');
const text = readFileSync(join(ROOT, 'Dockerfile'), 'utf8').replaceAll(/\\\n\s*/g, '');
const stages = text.split(/^(?=FROM )/m).slice(1);
const final = stages.at(-1) ?? '';

const instruction = (stage: string, name: string): string =>
  new RegExp(`^${name} (.+)$`, 'm').exec(stage)?.[1] ?? `no ${name}`;

test('the image runs as nobody who may become another, and holds what the build stage laid out alone', () => {
  expect(stages).toHaveLength(2);
  expect(instruction(final, 'USER')).toBe('65532:65532');
  expect(final.match(/^(?:COPY|ADD) .+$/gm)).toEqual(['COPY --from=build /image/ /']);
  expect(final.match(/^RUN /gm)).toBeNull();
});

test('the image starts Node as the command does', () => {
  const flags = /^exec "\$node" (.+) "\$@"$/m.exec(readFileSync(join(ROOT, 'bin', 'chatelaine'), 'utf8'))?.[1];
  const [node, ...args] = JSON.parse(instruction(final, 'ENTRYPOINT')) as string[];
  expect(node).toBe('/app/node_modules/node/bin/node');
  expect(args).toEqual([...(flags ?? '').split(' '), '/app/dist/main/command.js']);
});

test('what the build stage lays out is enough to start', { timeout: 120_000 }, async () => {
  const image = temporaryFolder({});
  const parts = /cp -a (.+) \/image\/app\//.exec(stages[0] ?? '')?.[1]?.split(' ') ?? [];
  mkdirSync(join(image, 'app'));
  for (const part of parts.filter((name) => existsSync(join(ROOT, name)) && name !== 'dist'))
    if (part === 'node_modules') symlinkSync(join(ROOT, part), join(image, 'app', part));
    else cpSync(join(ROOT, part), join(image, 'app', part), { recursive: true });
  await build(join(image, 'app', 'dist'));
  const [command = '', ...args] = (JSON.parse(instruction(final, 'ENTRYPOINT')) as string[]).map((word) =>
    word.replace(/^\/app\//, `${image}/app/`),
  );
  const { stdout } = await promisify(execFile)(command, [...args, '--version'], { cwd: image, env: {} });
  const { version } = JSON.parse(readFileSync(join(ROOT, 'package.json'), 'utf8')) as { version: string };
  expect(stdout.trim()).toBe(version);
});
