/** What stands behind twenty tools, `tool-0` to `tool-19`, and can be slow: APIs, or MCP servers of both eras. */
import type { ServerResponse } from 'node:http';
import { serve } from '../http-server.ts';
import { serveUpstream } from '../mcp-upstream.ts';

export const COUNT = 20;
/** Longer than any trial: it never answers in time. */
const SLOW_MS = 30_000;
export const TOOL_TIMEOUT_MS = 8_000;

export interface Behind extends AsyncDisposable {
  readonly documents: string;
  /** From now on the first of them is slow. */
  slow(): void;
  /** It is no longer, and what it was asked meanwhile is over. */
  quick(): void;
}

/** Answers that are held back: all until they are let go, and none longer than half a minute. */
class Held {
  readonly #timers = new Map<NodeJS.Timeout, () => void>();
  isOn = false;

  hold(answer: () => void): void {
    const timer = setTimeout(() => {
      this.#timers.delete(timer);
      answer();
    }, SLOW_MS);
    this.#timers.set(timer, answer);
  }

  letGo(): void {
    this.isOn = false;
    for (const [timer, answer] of this.#timers) {
      clearTimeout(timer);
      answer();
    }
    this.#timers.clear();
  }
}

export async function slowApis(): Promise<Behind> {
  const held = new Held();
  const server = await serve(({ url }, response) => {
    const answer = (): void =>
      void response.writeHead(200, { 'content-type': 'application/json' }).end('{"fine":true}');
    if (held.isOn && url === '/0/') held.hold(answer);
    else answer();
  });
  const documents = Array.from(
    { length: COUNT },
    (_, at) => `kind: source
name: api-${at}
type: http
baseUrl: ${server.url}/${at}
allowPrivateNetworks: true
---
kind: tool
name: tool-${at}
type: http
source: api-${at}
description: Asks API ${at}.
method: GET
path: /
timeout: ${TOOL_TIMEOUT_MS / 1000}s
---
`,
  ).join('');
  return {
    documents,
    slow: () => void (held.isOn = true),
    quick: () => held.letGo(),
    async [Symbol.asyncDispose]() {
      held.letGo();
      await server[Symbol.asyncDispose]();
    },
  };
}

const ALLOWED = `kind: policy
name: servers
cedar: |
  @id("Users call tools of servers")
  permit (principal in Role::"user", action in [Action::"read", Action::"execute"], resource) when { resource.origin == "federated" };
---
`;

export async function slowServers(): Promise<Behind> {
  const held = new Held();
  const servers = await Promise.all(
    Array.from({ length: COUNT }, (_, at) => serveUpstream(at % 2 === 0 ? 'session' : 'stateless')),
  );
  const overdue = (response: ServerResponse) => (): void => {
    if (!response.destroyed) response.writeHead(504).end();
  };
  const [first] = servers;
  if (first !== undefined)
    first.offer.intercept = (_, response) => {
      if (held.isOn) held.hold(overdue(response));
      return held.isOn;
    };
  const documents = servers.map(
    ({ url }, at) => `kind: mcpServer
name: server-${at}
url: ${url}
allowPrivateNetworks: true
timeout: ${TOOL_TIMEOUT_MS / 1000}s
tools: { only: [echo], rename: { echo: tool-${at} } }
---
`,
  );
  return {
    documents: documents.join('') + ALLOWED,
    slow: () => void (held.isOn = true),
    quick: () => held.letGo(),
    async [Symbol.asyncDispose]() {
      held.letGo();
      await Promise.all(servers.map((server) => server.close()));
    },
  };
}
