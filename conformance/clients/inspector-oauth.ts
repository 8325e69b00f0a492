/** The command line of the MCP Inspector with its own OAuth: every question is a process, which shares what was let in. */
import { spawn } from 'node:child_process';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { createInterface } from 'node:readline';
import { freePort } from '../../test/loopback.ts';
import { texts } from './foreign-client.ts';
import type { BarePlace, SigningInClient } from './signing-in.ts';

const PACKAGE = join(import.meta.dirname, '..', 'node_modules', '@modelcontextprotocol', 'inspector');
const COMMAND = join(PACKAGE, 'clients', 'launcher', 'build', 'index.js');

export const inspectorSigningIn: SigningInClient = {
  name: '@modelcontextprotocol/inspector',
  revision: '2025-11-25',
  async connect(place) {
    const callback = `http://127.0.0.1:${await freePort()}/oauth/callback`;
    const ask = (method: string, ...more: string[]) => inspect(place, callback, ['--method', method, ...more]);
    return {
      async list() {
        const { tools } = (await ask('tools/list')) as { tools: readonly { name: string }[] };
        return tools.map(({ name }) => name);
      },
      async call(tool, args) {
        const pairs = Object.entries(args).flatMap(([name, value]) => ['--tool-arg', `${name}=${value}`]);
        const call = (...more: string[]) => ask('tools/call', '--tool-name', tool, ...pairs, ...more);
        // Refused for want of a scope, it gives up where there is no terminal. Its way on is to sign in anew, for all
        // the scopes that the server names by then.
        return texts(await call().catch(() => call('--relogin')));
      },
      close: () => Promise.resolve(),
    };
  },
};

async function inspect(
  { url, home, person }: BarePlace,
  callback: string,
  args: readonly string[],
): Promise<Record<string, unknown>> {
  const how = ['--transport', 'http', '--callback-url', callback, '--format', 'json', '--quiet'];
  const child = spawn(process.execPath, [COMMAND, '--cli', url, ...args, ...how], {
    // It signs nobody in without a terminal unless it may open a browser. There is none in the path, and the
    // address is read from what it says.
    env: { HOME: home, PATH: home, MCP_AUTO_OPEN_ENABLED: 'true' },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  const said: string[] = [];
  createInterface({ input: child.stderr }).on('line', (line) => {
    said.push(line);
    const address = /https?:\/\/\S+\/oauth\/authorize\?\S+/.exec(line)?.[0];
    if (address !== undefined)
      person.letInAt(address).catch((error: Error) => {
        said.push(error.message);
        child.kill();
      });
  });
  const ended = new Promise<number | null>((resolve) => void child.once('close', resolve));
  const [out, code] = await Promise.all([text(child.stdout), ended]);
  if (code !== 0) throw new Error(`it ended with ${code}: ${said.join(' ').slice(0, 1500)}`);
  return (JSON.parse(out) as { result: Record<string, unknown> }).result;
}
