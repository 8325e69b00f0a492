import { existsSync, readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { parseAllDocuments } from 'yaml';
import { documents, toolDocuments, type ParameterDocument } from './tools.fixture.ts';

const named = (kind: string) => documents.filter((document) => document.kind === kind);
const inputs = (tool: (typeof toolDocuments)[number]): readonly ParameterDocument[] => [
  ...(tool.parameters ?? []),
  ...(tool.templateParameters ?? []),
  ...(tool.pathParams ?? []),
  ...(tool.queryParams ?? []),
];

describe('the configuration', () => {
  it('offers ten tools and more, two toolsets, instructions, a prompt, a resource and a template', () => {
    expect(toolDocuments.length).toBeGreaterThanOrEqual(10);
    const kinds = ['source', 'toolset', 'group', 'prompt', 'resource', 'resourceTemplate'];
    expect(kinds.map((kind) => named(kind).length)).toEqual([3, 2, 1, 1, 1, 1]);
  });

  it('gives every name once per kind, and every reference a target', () => {
    const names = documents.map(({ kind, name }) => `${kind} ${name}`);
    expect(new Set(names).size).toBe(names.length);
    const sources = named('source').map(({ name }) => name);
    const tools = toolDocuments.map(({ name }) => name);
    expect(sources).toEqual(expect.arrayContaining(toolDocuments.map(({ source }) => source)));
    const selected = named('toolset').flatMap((toolset) => toolset.tools ?? []);
    expect(new Set(selected)).toEqual(new Set(tools));
    expect(existsSync(new URL('../config/about-the-data.md', import.meta.url))).toBe(true);
    const prompt = named('prompt')[0];
    const text = prompt?.messages?.map(({ content }) => content).join() ?? '';
    for (const { name } of prompt?.arguments ?? []) expect(text).toContain(`{{.${name}}}`);
    for (const word of text.match(/\b[a-z]+_[a-z_]+\b/g) ?? []) expect(tools).toContain(word);
  });

  it.each(toolDocuments.map((tool) => [tool.name as string, tool] as const))(
    '%s tells a model what it is for, what it takes and what comes back',
    (_, tool) => {
      expect(tool.title).toBeTruthy();
      expect(tool.description?.length).toBeGreaterThan(150);
      expect(tool.description).toMatch(/Returns|returns/);
      for (const input of inputs(tool)) {
        expect(input.description.length).toBeGreaterThan(15);
        const shown = input.examples ?? input.enum ?? input.allowedValues ?? input.default;
        expect(input.type === 'boolean' || shown !== undefined).toBe(true);
      }
    },
  );

  it.each(toolDocuments.map((tool) => [tool.name as string, tool] as const))(
    '%s uses every input it declares, and is marked for what it does',
    (_, tool) => {
      const text = (tool.statement ?? tool.path ?? '').replace(/--.*$/gm, '');
      if (tool.statement) expect(text.split('?').length - 1).toBe(tool.parameters?.length);
      for (const { name } of [...(tool.templateParameters ?? []), ...(tool.pathParams ?? [])]) {
        expect(text).toContain(`{{.${name}}}`);
      }
      for (const { allowedValues } of tool.templateParameters ?? []) expect(allowedValues?.length).toBeGreaterThan(1);
      const writes = /^\s*(INSERT|UPDATE|DELETE)\b/.test(text);
      expect(tool.readOnly ?? false).toBe(!writes);
      expect(tool.annotations?.readOnlyHint).toBe(!writes);
      if (writes) expect(tool.annotations?.destructiveHint).toBe(/^\s*DELETE\b/.test(text));
    },
  );

  it('is described tool by tool, and its example is the dialect of the others', () => {
    const guide = readFileSync(new URL('../../../docs/quickstart.md', import.meta.url), 'utf8');
    const listed = [...guide.matchAll(/^\| `(\w+)` \|/gm)].map(([, name]) => name);
    expect(listed).toHaveLength(toolDocuments.length);
    expect(new Set(listed)).toEqual(new Set(toolDocuments.map(({ name }) => name)));
    const example = parseAllDocuments(/```yaml\n([\s\S]+?)```/.exec(guide)?.[1] ?? '')
      .at(-1)
      ?.toJS() as object;
    const fields = new Set(toolDocuments.flatMap((tool) => Object.keys(tool)));
    for (const field of Object.keys(example)) expect(fields).toContain(field);
  });
});
