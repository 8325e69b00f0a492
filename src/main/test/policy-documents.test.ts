/** Documents of policies: judged with the tools beside them, at a check, at a start and at a reload. */
import { describe, expect, onTestFinished, test, vi } from 'vitest';
import { CITIES, makeKey, run, start, workspace, type Workspace } from './server.fixture.ts';

function place(): Workspace {
  const made = workspace();
  onTestFinished(() => made.remove());
  return made;
}

const policy = (...lines: readonly string[]): string =>
  `---\nkind: policy\nname: p\ncedar: |\n${lines.map((line) => `  ${line}\n`).join('')}`;

describe('config check tells what is wrong with a policy, at its line and column', () => {
  const ABOUT = 'forbid (principal, action, resource == Tool::"default/city")';
  test.each([
    ['Cedar that is none', ['permit (principal, action, resource)', 'when {'], '23:9', 'unexpected end'],
    [
      'an annotation misspelt',
      ['permit (principal, action, resource);', '@overridible', `${ABOUT};`],
      '23:3',
      'overridable',
    ],
    ['a field misspelt', [ABOUT, 'when { context.dor == "mcp" };'], '23:10', '`dor`'],
    [
      'an argument that the tool does not have',
      [ABOUT, 'when { context.args has ide };'],
      '23:27',
      'did you mean `id`?',
    ],
  ])('%s', async (_, lines, where, said) => {
    const file = place().write('tools.yaml', `${CITIES}${policy(...lines)}`);
    const { code, stdout } = await run(['config', 'check', file]);
    expect(code).toBe(1);
    expect(stdout).toContain(said);
    expect(stdout).toMatch(new RegExp(`tools\\.yaml:${where}.*\\[POLICY_WRONG\\]`));
  });

  test('and warns of names that nobody has', async () => {
    const file = place().write(
      'tools.yaml',
      `${CITIES}---\nkind: policy\nname: p\nform: {roles: [usr], tools: [cty]}\n`,
    );
    const { code, stdout } = await run(['config', 'check', file]);
    expect(code).toBe(0);
    expect(stdout).toMatch(/warning: there is no role `usr`; did you mean `user`\?/);
    expect(stdout).toMatch(/warning: there is no tool `default\/cty`; did you mean `default\/city`\?/);
  });

  test('and of limits on tools and toolsets that are not there, each at its place', async () => {
    const limit = 'kind: limit\nname: l\nper: tool\nlimits: 5 at once\ntools: [city, cty]\ntoolsets: [desk]\n';
    const file = place().write('tools.yaml', `${CITIES}---\n${limit}`);
    const { code, stdout } = await run(['config', 'check', file]);
    expect(code).toBe(0);
    expect(stdout).toMatch(/:\d+:15: warning: no tool is called `cty` here, .*did you mean `city`\? \[NAME_UNKNOWN\]/);
    expect(stdout).toMatch(/:\d+:12: warning: no toolset is called `desk` here, /);
    expect(stdout).not.toContain('`city` here');
  });
});

test('a server does not start with a faulty policy; at a reload it goes on as before, and takes the next', async () => {
  const here = place();
  const config = here.write('tools.yaml', `${CITIES}${policy('permit what')}`);
  const refused = await run(['serve', '--port', '0', '--config', config, '--data-dir', here.dataDir]);
  expect([refused.code, refused.stderr]).toEqual([2, expect.stringContaining('POLICY_WRONG')]);

  here.write(
    'tools.yaml',
    `${CITIES}${policy('forbid (principal, action, resource);')}---\nkind: server\nmetrics: false\n`,
  );
  const server = await start(['--config', config, '--data-dir', here.dataDir]);
  onTestFinished(async () => void (await server.stop()));
  const { key } = await makeKey(here.dataDir);
  const status = async (): Promise<number> => {
    const answer = await fetch(`${server.url}/api/tool/city/invoke`, {
      method: 'POST',
      headers: { authorization: `Bearer ${key}`, 'content-type': 'application/json' },
      body: '{"id": 1}',
    });
    await answer.arrayBuffer();
    return answer.status;
  };
  expect(await status()).toBe(404);
  here.write('tools.yaml', `${CITIES}${policy('permit what')}---\nkind: server\nmetrics: false\n`);
  await vi.waitFor(() => expect(server.stderr()).toContain('configuration.refused'), { timeout: 20_000, interval: 50 });
  expect(await status()).toBe(404);
  here.write('tools.yaml', `${CITIES}---\nkind: server\nmetrics: false\n`);
  await vi.waitFor(async () => expect(await status()).toBe(200), { timeout: 20_000, interval: 50 });
});
