import { execFileSync } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { expect, test } from 'vitest';

const root = join(import.meta.dirname, '..', '..');
const documents = execFileSync('git', ['ls-files', '-z', '--cached', '--others', '--exclude-standard', '*.md'], {
  cwd: root,
  encoding: 'utf8',
})
  .split('\0')
  .filter((file) => file !== '' && existsSync(join(root, file)));

const read = (file: string): string => readFileSync(join(root, file), 'utf8');
const withoutCode = (text: string): string => text.replaceAll(/^```[\s\S]*?^```$/gm, '');

/** `Where is X?` → `where-is-x`, as the reader of a heading's anchor expects it. */
const anchors = (text: string): string[] =>
  [...withoutCode(text).matchAll(/^#+ +(.+)$/gm)].map((heading) =>
    (heading[1] as string)
      .toLowerCase()
      .replaceAll(/[^\p{L}\p{N}\s_-]/gu, '')
      .replaceAll(/\s/g, '-'),
  );

test.each(documents)('every link of %s leads somewhere', (document) => {
  const links = [...withoutCode(read(document)).matchAll(/\]\((?<to>[^)\s]+)\)/g)].map((link) => link.groups?.to ?? '');
  const dead = links
    .filter((link) => !/^[a-z]+:/.test(link))
    .filter((link) => {
      const [path = '', anchor] = link.split('#');
      const file = path === '' ? document : join(dirname(document), path);
      if (!existsSync(join(root, file))) return true;
      return anchor !== undefined && !anchors(read(file)).includes(anchor);
    });
  expect(dead).toEqual([]);
});

test.each(['ARCHITECTURE.md', 'CONTRIBUTING.md'])('every path that %s names exists', (document) => {
  const named = [...read(document).matchAll(/`(?<path>(?:src|scripts|docs|test|examples|adr)\/[\w./-]*)`/g)].map(
    (match) => match.groups?.path ?? '',
  );
  expect(named.length).toBeGreaterThan(5);
  expect(named.filter((path) => !existsSync(join(root, path)))).toEqual([]);
});

test('ARCHITECTURE.md lists the modules that exist, in their order', async () => {
  const { MODULES } = await import('../check/walls/modules.ts');
  const listed = [...read('ARCHITECTURE.md').matchAll(/^\| `([\w-]+)` \| .* \| .* \|$/gm)].map((row) => row[1]);
  const present = MODULES.map(({ name }) => name).filter((name) => existsSync(join(root, 'src', name, 'index.ts')));
  expect(listed).toEqual(present);
});
