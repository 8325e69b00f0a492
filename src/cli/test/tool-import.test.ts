import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { cliContext } from '../../../test/cli-context.ts';
import { runProgram } from '../index.ts';

let folder: string;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'chatelaine-import-'));
  writeFileSync(
    join(folder, 'pets.yaml'),
    `openapi: 3.0.3
info: { title: Pets, version: '1' }
servers: [{ url: 'https://pets.example/v1' }]
paths:
  /pets/{id}:
    get:
      operationId: getPet
      summary: One pet
      parameters: [{ name: id, in: path, required: true, schema: { type: integer } }]
      responses: { '200': { description: ok } }
`,
  );
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

async function chatelaine(...argv: string[]): Promise<{ code: number; stdout: string; stderr: string }> {
  let stdout = '';
  let stderr = '';
  const context = cliContext({
    stdout: { write: (text) => (stdout += text) },
    stderr: { write: (text) => (stderr += text) },
  });
  const code = await runProgram(argv, context);
  return { code, stdout, stderr };
}

describe('chatelaine tool import openapi', () => {
  it('writes a file that config check finds good, and overwrites none', async () => {
    const output = join(folder, 'tools.yaml');
    const written = await chatelaine('tool', 'import', 'openapi', join(folder, 'pets.yaml'), '-o', output);
    expect([written.code, written.stdout, written.stderr]).toEqual([
      0,
      '',
      expect.stringContaining('1 tools on the source'),
    ]);
    expect(readFileSync(output, 'utf8')).toMatch(/name: getPet[\s\S]*\n$/);
    const checked = await chatelaine('config', 'check', output);
    expect([checked.code, checked.stdout]).toEqual([
      0,
      expect.stringMatching(/^The configuration is good: 1 source, 1 tool\.$/m),
    ]);
    const again = await chatelaine('tool', 'import', 'openapi', join(folder, 'pets.yaml'), '-o', output);
    expect([again.code, again.stderr]).toEqual([2, expect.stringContaining('FILE_UNUSABLE')]);
  });

  it('keeps standard output to YAML, or to one line of JSON', async () => {
    const yaml = await chatelaine('tool', 'import', 'openapi', join(folder, 'pets.yaml'), '--name', 'zoo');
    expect(yaml.stdout).toContain('kind: source\nname: zoo\n');
    expect(yaml.stdout).not.toContain('1 tools');
    const json = await chatelaine('tool', 'import', 'openapi', join(folder, 'pets.yaml'), '--json');
    expect(JSON.parse(json.stdout)).toMatchObject({ tools: ['getPet'], notes: [], environment: [] });
  });

  it('refuses a file that is not there, and one that is no OpenAPI document', async () => {
    writeFileSync(join(folder, 'other.yaml'), 'hello: world\n');
    const missing = await chatelaine('tool', 'import', 'openapi', join(folder, 'missing.yaml'));
    expect([missing.code, missing.stderr]).toEqual([2, expect.stringContaining('FILE_UNUSABLE')]);
    const other = await chatelaine('tool', 'import', 'openapi', join(folder, 'other.yaml'));
    expect([other.code, other.stderr]).toEqual([2, expect.stringContaining('IMPORT_IMPOSSIBLE')]);
  });
});
