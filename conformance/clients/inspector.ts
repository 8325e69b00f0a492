/** The command line of the MCP Inspector: every question is a process and a connection of its own. */
import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { endpoint, texts, type ForeignClient, type Place } from './foreign-client.ts';

const PACKAGE = join(import.meta.dirname, '..', 'node_modules', '@modelcontextprotocol', 'inspector');
const COMMAND = join(PACKAGE, 'clients', 'launcher', 'build', 'index.js');

const era = (protocolEra: 'modern' | 'legacy', revision: string): ForeignClient => ({
  name: '@modelcontextprotocol/inspector',
  revision,
  connect(place) {
    const ask = (method: string, ...more: string[]) =>
      inspect(place, ['--protocol-era', protocolEra, '--method', method, ...more]);
    return Promise.resolve({
      async list() {
        const { tools } = (await ask('tools/list')) as { tools: readonly { name: string }[] };
        return tools.map(({ name }) => name);
      },
      async call(tool, args) {
        const pairs = Object.entries(args).flatMap(([name, value]) => ['--tool-arg', `${name}=${value}`]);
        return texts(await ask('tools/call', '--tool-name', tool, ...pairs));
      },
      close: () => Promise.resolve(),
    });
  },
});

async function inspect(place: Place, args: readonly string[]): Promise<Record<string, unknown>> {
  const header = ['--transport', 'http', '--header', `Authorization: Bearer ${place.key}`];
  // Without the last it would offer a sign-in to a terminal that nobody sits at.
  const quietly = ['--format', 'json', '--quiet', '--stored-auth-only'];
  const { stdout } = await promisify(execFile)(
    process.execPath,
    [COMMAND, '--cli', endpoint(place), ...header, ...args, ...quietly],
    { env: { HOME: place.home, PATH: process.env['PATH'] } },
  );
  return (JSON.parse(stdout) as { result: Record<string, unknown> }).result;
}

export const inspectorStateless = era('modern', '2026-07-28');
export const inspectorSession = era('legacy', '2025-11-25');
