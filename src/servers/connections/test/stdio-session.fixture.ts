/** A child process that serves the reference tools on its standard streams, session eras. */
import { StdioServerTransport } from '@modelcontextprotocol/sdk/server/stdio.js';
import { sessionServer } from './session-server.fixture.ts';

await sessionServer().connect(new StdioServerTransport());
