import { describe } from 'vitest';
import { serveSession, serveSse, serveStateless, serveStdio } from './reference-servers.fixture.ts';
import { itIsAServerConnection } from './server-connection.contract.ts';

describe('Streamable HTTP, stateless era', () => {
  itIsAServerConnection({ serve: serveStateless, era: 'stateless', version: '2026-07-28' });
});

describe('Streamable HTTP, session era', () => {
  itIsAServerConnection({ serve: () => serveSession(), era: 'session', version: '2025-11-25' });
});

describe('HTTP+SSE', () => {
  itIsAServerConnection({ serve: serveSse, era: 'session', version: '2025-11-25' });
});

describe('a child process, session era', () => {
  itIsAServerConnection({ serve: () => serveStdio('session'), era: 'session', version: '2025-11-25' });
});

describe('a child process, stateless era', () => {
  itIsAServerConnection({
    serve: () => serveStdio('stateless'),
    era: 'stateless',
    version: '2026-07-28',
    // The SDK's listen router on standard streams has no way for a tool to publish a change.
    news: false,
  });
});
