/** What the shim in between sees: a client that falls back to another revision must not pass unnoticed. */
import type { IncomingMessage } from 'node:http';

export class Wire {
  /** Revisions named in `MCP-Protocol-Version` of POST requests that were answered well. */
  readonly revisions = new Set<string>();
  /** How the MCP endpoint answered POST requests. */
  readonly statuses = new Set<number>();

  answered(request: IncomingMessage, status: number): void {
    if (request.method !== 'POST' || request.url?.startsWith('/mcp') !== true) return;
    this.statuses.add(status);
    const revision = request.headers['mcp-protocol-version'];
    if (typeof revision === 'string' && status < 300) this.revisions.add(revision);
  }

  forget(): void {
    this.revisions.clear();
    this.statuses.clear();
  }
}
