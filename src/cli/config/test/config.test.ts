import { mkdtemp, readdir, readFile, readlink, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { Configuration } from '#contract';
import { sourceTypes } from '#toolbox';
import type { SecretStanding } from '#vault';
import { checkConfiguration, type Findings } from '../check.ts';
import { migrateConfiguration } from '../migrate.ts';

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'chatelaine-config-'));
});
afterEach(() => rm(folder, { recursive: true }));

const write = async (name: string, text: string): Promise<string> => {
  await writeFile(join(folder, name), text);
  return join(folder, name);
};

function sink() {
  let text = '';
  return { stdout: { write: (piece: string) => (text += piece) }, printed: () => text.replaceAll(`${folder}/`, '') };
}

const GOOD = `kind: source
name: db
type: sqlite
database: \${DB:x.db}
---
kind: tool
name: t
type: sqlite-sql
source: db
description: d
statement: SELECT 1
`;

describe('config check', () => {
  const nothing: Findings = { problems: [], warnings: [] };

  async function check(
    files: readonly string[],
    options: {
      build?: (configuration: Configuration) => Findings;
      json?: true;
      /** How secrets stand, by name, in a vault that is looked into. */
      vault?: Readonly<Record<string, SecretStanding>>;
    } = {},
  ) {
    const { stdout, printed } = sink();
    const build = (configuration: Configuration) => Promise.resolve(options.build?.(configuration) ?? nothing);
    const code = await checkConfiguration(
      { files, json: options.json, ...(options.vault && { dataDir: 'data' }) },
      {
        ...{ stdout, env: {}, catalog: sourceTypes, build },
        standings: async (secrets) => secrets.map(({ reference }) => options.vault?.[reference.name] ?? 'unknown'),
      },
    );
    return { code, printed: printed() };
  }

  it('says what a good configuration holds', async () => {
    expect(await check([await write('a.yaml', GOOD)])).toEqual({
      code: 0,
      printed: 'The configuration is good: 1 source, 1 tool.\n',
    });
  });

  describe('says of secrets of the vault', () => {
    const SECRETS = `kind: source
name: api
type: http
baseUrl: https://api.example
auth:
  secret: secret://default/api
---
kind: source
name: shop
type: postgres
host: db.example
user: shop
password: secret://default/shop#2
database: shop
`;

    it('where each is named', async () => {
      const { code, printed } = await check([await write('a.yaml', SECRETS)]);
      expect({ code, printed }).toEqual({
        code: 0,
        printed:
          'a.yaml:6:11: source `api` uses secret://default/api\n' +
          'a.yaml:13:11: source `shop` uses secret://default/shop#2\n' +
          'The configuration is good: 2 sources.\n',
      });
    });

    it('which are not there, and takes the configuration all the same: their sources wait for them', async () => {
      const { code, printed } = await check([await write('a.yaml', SECRETS)], { vault: { api: 'usable' } });
      expect(code).toBe(0);
      expect(printed).toContain('a.yaml:13:11: warning: `secret://default/shop#2` does not exist [SECRET_UNREADABLE]');
      expect(printed).toContain('uses secret://default/api (usable)');
      expect(printed).not.toContain('`secret://default/api` does not');
    });

    it('which are of another namespace', async () => {
      const text = SECRETS.replace('secret://default/api', 'secret://payroll/api');
      const { printed } = await check([await write('a.yaml', text)]);
      expect(printed).toContain(
        'warning: `secret://payroll/api` is of another namespace than the source `api`, which is of `default`',
      );
    });

    it('the same to scripts', async () => {
      const { printed } = await check([await write('a.yaml', SECRETS)], { json: true, vault: { shop: 'ended' } });
      expect(JSON.parse(printed)).toMatchObject({
        ok: true,
        secrets: [
          { secret: 'secret://default/api', by: 'source `api`', line: 6, column: 11, standing: 'unknown' },
          { secret: 'secret://default/shop#2', by: 'source `shop`', line: 13, column: 11, standing: 'ended' },
        ],
      });
    });
  });

  it('takes files and folders together as one configuration', async () => {
    await write('a.yaml', GOOD);
    expect(await check([folder])).toMatchObject({ code: 0 });
    const other = await mkdtemp(join(folder, 'other-'));
    await writeFile(join(other, 'b.yaml'), GOOD);
    const { code, printed } = await check([join(folder, 'a.yaml'), other]);
    expect(code).toBe(1);
    expect(printed).toContain('another source is called `db` already, at a.yaml:2:7');
  });

  it('prints every problem with its place, and fails', async () => {
    const a = await write('a.yaml', GOOD.replace('statement', 'statment'));
    const b = await write('b.yaml', 'kind: tol\n');
    const { code, printed } = await check([a, b, join(folder, 'c.yaml')]);
    // A file that is not there is said first: nothing else is known without it.
    expect({ code, printed }).toEqual({
      code: 1,
      printed: 'c.yaml:1:1: error: there is no such file or folder [FILE_UNREADABLE]\n\n1 problem in 1 file.\n',
    });
    const { printed: both } = await check([a, b]);
    expect(both).toContain(
      'a.yaml:11:1: error: there is no field `statment` here; did you mean `statement`? [FIELD_UNKNOWN]\n  11 | statment: SELECT 1\n     | ^',
    );
    expect(both).toMatch(/3 problems in 2 files\.\n$/);
  });

  it('says what building the configuration met, too', async () => {
    const file = await write('a.yaml', GOOD);
    const at = (configuration: Configuration) => configuration.tools[0]?.locate(['statement']) ?? expect.unreachable();
    const problem = await check([file], {
      build: (configuration) => ({
        problems: [{ ...at(configuration), code: 'FIELD_WRONG', message: 'not SQL' }],
        warnings: [],
      }),
    });
    expect(problem).toMatchObject({
      code: 1,
      printed: expect.stringContaining('a.yaml:11:12: error: not SQL') as string,
    });
    const warning = await check([file], {
      build: (configuration) => ({
        problems: [],
        warnings: [{ ...at(configuration), code: 'UNENFORCEABLE', message: 'unsafe' }],
      }),
    });
    expect(warning).toMatchObject({
      code: 0,
      printed: expect.stringMatching(/a\.yaml:11:12: warning: unsafe[\s\S]*is good/) as string,
    });
  });

  it('prints one line of JSON on request', async () => {
    const { code, printed } = await check([await write('a.yaml', 'kind: tol\n')], { json: true });
    expect(code).toBe(1);
    expect(JSON.parse(printed)).toMatchObject({
      ok: false,
      problems: [{ line: 1, column: 7, code: 'KIND_UNKNOWN' }],
      warnings: [],
    });
  });
});

describe('config migrate', () => {
  const NESTED = 'sources:\n  db:\n    kind: sqlite # a file\n    database: x.db\n';
  const FLAT = 'kind: source\nname: db\ntype: sqlite # a file\ndatabase: x.db\n';

  async function migrate(files: readonly string[], dryRun = false) {
    const { stdout, printed } = sink();
    return { code: await migrateConfiguration({ files, dryRun }, { stdout }), printed: printed() };
  }

  it('rewrites the file and keeps it as it was beside it', async () => {
    const file = await write('a.yaml', NESTED);
    expect(await migrate([file])).toEqual({ code: 0, printed: 'a.yaml: migrated; as it was: a.yaml.bak\n' });
    expect(await readFile(file, 'utf8')).toBe(FLAT);
    expect(await readFile(`${file}.bak`, 'utf8')).toBe(NESTED);
    expect(await migrate([file])).toEqual({ code: 0, printed: 'a.yaml: nothing to migrate\n' });
  });

  it('overwrites no earlier copy', async () => {
    const file = await write('a.yaml', NESTED);
    await write('a.yaml.bak', 'precious');
    await migrate([file]);
    expect(await readFile(`${file}.bak`, 'utf8')).toBe('precious');
    expect(await readFile(`${file}.bak.1`, 'utf8')).toBe(NESTED);
  });

  it('writes through a link and leaves it one', async () => {
    await write('real.yaml', NESTED);
    await symlink('real.yaml', join(folder, 'link.yaml'));
    await migrate([join(folder, 'link.yaml')]);
    expect(await readlink(join(folder, 'link.yaml'))).toBe('real.yaml');
    expect(await readFile(join(folder, 'real.yaml'), 'utf8')).toBe(FLAT);
  });

  it('prints and touches nothing with --dry-run', async () => {
    const file = await write('a.yaml', NESTED);
    expect(await migrate([file], true)).toEqual({ code: 0, printed: `# a.yaml\n${FLAT}` });
    expect(await readdir(folder)).toEqual(['a.yaml']);
  });

  it('migrates the others when one cannot be read', async () => {
    const broken = await write('a.yaml', 'sources: [\n');
    const good = await write('b.yaml', NESTED);
    const { code, printed } = await migrate([broken, good]);
    expect(code).toBe(1);
    expect(printed).toMatch(/a\.yaml:\d+:\d+: error: .*\[YAML_SYNTAX\][\s\S]*b\.yaml: migrated/);
    expect(await readFile(broken, 'utf8')).toBe('sources: [\n');
  });
});
