/** mcp-remote with its own OAuth: it prints where the person must go, and listens on the loopback for the answer. */
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import type { Readable } from 'node:stream';
import { StdioClientTransport } from '@modelcontextprotocol/sdk/client/stdio.js';
import { connectSdk } from './sdk-v1.ts';
import type { SigningInClient } from './signing-in.ts';

const PROXY = join(import.meta.dirname, '..', 'node_modules', 'mcp-remote', 'dist', 'proxy.js');

export const mcpRemoteSigningIn: SigningInClient = {
  name: 'mcp-remote',
  revision: '2025-11-25',
  connect({ url, home, person }) {
    const transport = new StdioClientTransport({
      command: process.execPath,
      args: [PROXY, url, '--allow-http', '--transport', 'http-only'],
      // No program that opens browsers: the address is read from what it says.
      env: { HOME: home, MCP_REMOTE_CONFIG_DIR: home, PATH: home },
      stderr: 'pipe',
    });
    createInterface({ input: transport.stderr as Readable }).on('line', (line) => {
      const address = /https?:\/\/\S+\/oauth\/authorize\?\S+/.exec(line)?.[0];
      if (address !== undefined) person.letInAt(address).catch((error: unknown) => transport.onerror?.(error as Error));
    });
    return connectSdk(transport);
  },
};
