/** Documents that cannot lie: configurations load, commands exist. */
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { parseAllDocuments } from 'yaml';
import { buildProgram } from '#cli';
import { CUSTOM_RESOURCES, type CustomResourceKind } from '#contract/kubernetes';
import { formatProblem, loadConfiguration, sourceTypes } from '#toolbox';
import { installCommands } from '#main';
import { cliContext } from './cli-context.ts';

const root = join(import.meta.dirname, '..');
const documents = [
  'README.md',
  ...readdirSync(join(root, 'docs'), { recursive: true, encoding: 'utf8' })
    .filter((name) => name.endsWith('.md'))
    .map((name) => join('docs', name)),
].filter((name) => !name.includes('reference'));

interface Block {
  readonly document: string;
  readonly line: number;
  readonly text: string;
}

/** Fenced blocks of a language; one after `<!-- fragment -->` is not meant to stand alone. */
function blocks(language: string): readonly Block[] {
  return documents.flatMap((document) => {
    const lines = readFileSync(join(root, document), 'utf8').split('\n');
    const found: Block[] = [];
    for (let at = 0; at < lines.length; at++) {
      const opened = /^\s*```(\w*)$/.exec(lines[at] as string);
      if (opened === null) continue;
      const end = lines.findIndex((line, index) => index > at && line.trim() === '```');
      if (end === -1) throw new Error(`${document}:${at + 1} opens a block that never ends`);
      const before = lines.slice(0, at).findLast((line) => line.trim() !== '');
      if (opened[1] === language && before !== '<!-- fragment -->') {
        found.push({ document, line: at + 1, text: lines.slice(at + 1, end).join('\n') });
      }
      at = end;
    }
    return found;
  });
}

describe('the documents', () => {
  /** As strong as those that refuse a weak one demand. */
  const VALUE = 'Hk3n2-2sXw8mF0qZr5Yb7uLc9vTe1aJd';
  /** Sets the variables that a text names without a default: documents name their readers' own. */
  const environmentOf = (text: string): Record<string, string> =>
    Object.fromEntries(Array.from(text.matchAll(/\$\{(\w+)(?:\}|:\?)/g), ([, name]) => [name as string, VALUE]));

  const isObject = ({ text }: Block): boolean => text.startsWith('apiVersion:');
  const named = (all: readonly Block[]) => all.map((block) => [`${block.document}:${block.line}`, block] as const);

  it.each(named(blocks('yaml').filter(isObject)))('show custom resources as they may be at %s', (_, { text }) => {
    for (const document of parseAllDocuments(text)) {
      const object = document.toJS() as { kind: CustomResourceKind };
      expect(CUSTOM_RESOURCES[object.kind].schema.safeParse(object)).toMatchObject({ success: true });
    }
  });

  it.each(named(blocks('yaml').filter((block) => !isObject(block))))(
    'show a configuration that loads at %s',
    (_, block) => {
      const loaded = loadConfiguration([{ file: block.document, directory: root, bytes: Buffer.from(block.text) }], {
        env: environmentOf(block.text),
        catalog: sourceTypes,
      });
      if (!loaded.ok) expect.fail(loaded.error.map((problem) => formatProblem(problem)).join('\n'));
      expect(loaded.value.configuration).toBeDefined();
    },
  );

  const commands = [...blocks(''), ...blocks('console'), ...blocks('sh')].flatMap(({ document, line, text }) =>
    text
      .replaceAll(/\\\n\s*/g, ' ')
      .split('\n')
      .flatMap((command, index) => {
        const match = /^(?:\$ )?(?:\.\/bin\/)?chatelaine (.*?)(?:\s+#.*)?$/.exec(command);
        return match ? [[`${document}:${line + index}`, match[1] as string] as const] : [];
      }),
  );
  it.each(commands)('name a command that exists, with its options, at %s: %s', async (_, command) => {
    const program = await buildProgram(cliContext(), installCommands);
    const words = command.split(/\s+/);
    let at = program;
    let found = at;
    for (const word of words) {
      const next = at.commands.find((one) => one.name() === word);
      if (next === undefined) break;
      found = at = next;
    }
    expect(found, 'a command').not.toBe(program);
    // What stands after `--` is for another program.
    for (const word of command
      .split(' -- ')[0]
      ?.split(/\s+/)
      .filter((one) => one.startsWith('--')) ?? []) {
      const name = word.split('=')[0];
      expect([...found.options.map((option) => option.long), '--help'], `options of ${found.name()}`).toContain(name);
    }
  });
});
