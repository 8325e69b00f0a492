/** A child process that serves the reference tools on its standard streams, stateless era alone. */
import { serveStdio } from '@modelcontextprotocol/server/stdio';
import { statelessServer } from './stateless-server.fixture.ts';

serveStdio(
  statelessServer(() => {}),
  { legacy: 'reject' },
);
