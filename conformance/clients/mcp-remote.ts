/** mcp-remote, which gives programs that only know standard input a server that only knows HTTP. */
import { join } from 'node:path';
import { StdioClientTransport } from '@modelcontextprotocol/sdk/client/stdio.js';
import { endpoint, type ForeignClient } from './foreign-client.ts';
import { connectSdk } from './sdk-v1.ts';

const PROXY = join(import.meta.dirname, '..', 'node_modules', 'mcp-remote', 'dist', 'proxy.js');

export const mcpRemote: ForeignClient = {
  name: 'mcp-remote',
  revision: '2025-11-25',
  connect(place) {
    // The key in the environment, as its documentation advises: arguments show in the process list.
    const args = [PROXY, endpoint(place), '--allow-http', '--transport', 'http-only'];
    const header = ['--header', 'Authorization:${CREDENTIAL}'];
    const transport = new StdioClientTransport({
      command: process.execPath,
      args: [...args, ...header],
      env: { HOME: place.home, MCP_REMOTE_CONFIG_DIR: place.home, CREDENTIAL: `Bearer ${place.key}` },
      // It narrates every message there.
      stderr: 'ignore',
    });
    return connectSdk(transport);
  },
};
