import { spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import type { Starter } from './subject.ts';

const FOLDER = join(import.meta.dirname, '..', 'toolbox');
// The platform's binary and not the package's `toolbox`, which is a Node script around it.
const BINARY = join(
  ...[FOLDER, 'node_modules', '@toolbox-sdk'],
  ...[`server-${process.platform}-${process.arch}`, 'bin', 'toolbox'],
);

/** MCP Toolbox without authentication, quiet and without hot reload; undefined where it is not installed. */
export function installedToolbox(): Starter | undefined {
  if (!existsSync(BINARY)) return undefined;
  return {
    name: 'toolbox',
    headers: {},
    command: (port, file) => [
      ...([BINARY, '--config', file, '--port', String(port), '--enable-api'] as const),
      ...['--log-level', 'ERROR', '--disable-reload', '--disable-version-check'],
    ],
  };
}

/** The same where the configuration has it check tokens: it refuses to do so beside its REST, and wants its own URL. */
export const checkingTokens = (toolbox: Starter): Starter => ({
  ...toolbox,
  command(port, file) {
    const [command, ...args] = toolbox.command(port, file);
    const others = args.filter((arg) => arg !== '--enable-api');
    return [command, ...others, '--toolbox-url', `http://127.0.0.1:${port}`];
  },
});

/**
 * Installs it once, on request: nobody who uses or tests Chatelaine needs the 315 MB, so it is no
 * dependency, not even one for development. Install scripts, if it had any, would not run.
 */
export function installToolbox(): void {
  if (existsSync(BINARY)) return;
  process.stderr.write('Installing MCP Toolbox, 315 MB (once) …\n');
  const args = ['ci', '--ignore-scripts', '--no-audit', '--no-fund', '--loglevel=error'];
  const npm = spawnSync('npm', args, { cwd: FOLDER, stdio: ['ignore', 'ignore', 'inherit'] });
  if (npm.status !== 0) throw new Error(`\`npm ${args.join(' ')}\` failed; its words are above`);
  if (!existsSync(BINARY)) throw new Error(`MCP Toolbox has no build for ${process.platform} on ${process.arch}`);
}
