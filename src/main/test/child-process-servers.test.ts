/** Servers that are child processes: whom they run as, what they may use, and what is said where that cannot be kept. */
import { chmodSync, copyFileSync, mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect, onTestFinished, test } from 'vitest';
import { run, workspace, type Finished } from './server.fixture.ts';

const PROGRAM = fileURLToPath(new URL('./about-itself.fixture.mjs', import.meta.url));
const isRoot = process.getuid?.() === 0;

/** Calls the tool of a program that tells about its own process, which runs as the document says. */
async function tells(more: string, as: { readonly uid?: number; readonly gid?: number } = {}): Promise<Finished> {
  const place = workspace();
  onTestFinished(() => place.remove());
  // Somewhere that every user may read.
  chmodSync(place.folder, as.uid === undefined ? 0o755 : 0o777);
  mkdirSync(place.file('program'));
  const program = join(place.file('program'), 'about-itself.mjs');
  copyFileSync(PROGRAM, program);
  place.write(
    'tools.yaml',
    `kind: server
mcpServers: { commands: [${process.execPath}] }
---
kind: mcpServer
name: child
command: ${process.execPath}
args: [${program}]
protocol: session
${more}
---
kind: policy
name: servers
cedar: |
  @id("Users call tools of servers")
  permit (principal in Role::"user", action in [Action::"read", Action::"execute"], resource) when { resource.origin == "federated" };
`,
  );
  const options = ['--config', place.file('tools.yaml'), '--data-dir', place.dataDir];
  return await run(['invoke', 'child_about', '{}', ...options], { cwd: place.folder, ...as });
}

test.runIf(isRoot)(
  '`user` runs it as that user and group, with no other groups, and a home of its own (Linux, as root)',
  async () => {
    const { stdout, stderr } = await tells('user: { uid: 61234, gid: 61235 }');
    expect([JSON.parse(stdout || 'null'), stderr]).toEqual([
      expect.objectContaining({ uid: 61234, gid: 61235, groups: [61235], home: 'written', temporary: 'written' }),
      '',
    ]);
  },
  120_000,
);

test.runIf(process.platform === 'linux')(
  '`limits` hold for it, as setrlimit(2) keeps them',
  async () => {
    const { stdout, stderr } = await tells(
      'limits: { openFiles: 77, cpu: 90s, fileSize: 3MiB, processes: 4000, memory: 64GiB }',
    );
    expect([JSON.parse(stdout || 'null'), stderr]).toEqual([
      expect.objectContaining({
        limits: {
          ...{ 'Max open files': ['77', '77'], 'Max cpu time': ['90', '90'], 'Max processes': ['4000', '4000'] },
          'Max file size': [String(3 * 1024 ** 2), String(3 * 1024 ** 2)],
          'Max address space': [String(64 * 1024 ** 3), String(64 * 1024 ** 3)],
        },
      }),
      '',
    ]);
  },
  120_000,
);

test.runIf(isRoot)(
  '`user` is refused, with the reason, where the server does not run as root',
  async () => {
    const { code, stderr } = await tells('user: { uid: 61234, gid: 61235 }', { uid: 61236, gid: 61236 });
    expect([code, stderr]).toEqual([
      expect.any(Number),
      expect.stringContaining('it cannot run as the `user` that it is to run as: only root may start it so'),
    ]);
    expect(code).not.toBe(0);
  },
  120_000,
);

test.runIf(isRoot)(
  '`limits` above those of the server are refused where it does not run as root',
  async () => {
    const { code, stderr } = await tells('limits: { openFiles: 999999999 }', { uid: 61236, gid: 61236 });
    expect(code).not.toBe(0);
    expect(stderr).toMatch(/has not said what it offers/);
    expect(stderr).toMatch(/NOFILE/i);
  },
  120_000,
);
