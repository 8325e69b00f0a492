/** Callers at the doors of a gateway: REST, and MCP of both eras, with a session and its stream for each who wants one. */
import type { JsonObject } from '#kernel';
import type { Caller } from './caller-isolation.model.ts';

export type Door = 'rest' | 'stateless' | 'session';

export interface Answered {
  readonly status: number;
  readonly text: string;
}

/** Who comes, and with what. */
interface Coming {
  readonly caller: Caller;
  readonly credential: string;
}

interface Session {
  readonly id: string;
  /** What came on its stream. */
  readonly said: string[];
  readonly over: AbortController;
}

export class CallersDoors {
  readonly #url: string;
  #sessions = new Map<Caller, Promise<Session>>();
  #open = new Map<Caller, Session>();

  constructor(url: string) {
    this.#url = url;
  }

  /** Whoever comes from now on has no session. */
  leave(): void {
    for (const { over } of this.#open.values()) over.abort();
    this.#sessions = new Map();
    this.#open = new Map();
  }

  async call(coming: Coming, door: Door, name: string, args: JsonObject): Promise<Answered> {
    if (door === 'rest') return await this.rest(coming.credential, name, args);
    return await this.#rpc(coming, door, 'tools/call', { name, arguments: args, _meta: { progressToken: 1 } });
  }

  async list(coming: Coming, door: Door): Promise<Answered> {
    if (door !== 'rest') return await this.#rpc(coming, door, 'tools/list', {});
    const headers = { authorization: `Bearer ${coming.credential}` };
    return await read(await fetch(`${this.#url}/api/toolset`, { headers }));
  }

  async rest(credential: string, name: string, args: JsonObject): Promise<Answered> {
    return await read(await this.#post(`/api/tool/${name}/invoke`, args, { authorization: `Bearer ${credential}` }));
  }

  said(caller: Caller): string {
    return this.#open.get(caller)?.said.join('') ?? '';
  }

  async #rpc(coming: Coming, door: 'stateless' | 'session', method: string, params: JsonObject): Promise<Answered> {
    const authorization = `Bearer ${coming.credential}`;
    const body = { jsonrpc: '2.0', id: 1, method };
    if (door === 'session') {
      const { id } = await this.#sessionOf(coming);
      const headers = { authorization, 'mcp-session-id': id, 'mcp-protocol-version': '2025-06-18' };
      return await read(await this.#post('/mcp', { ...body, params }, headers));
    }
    const version = { 'io.modelcontextprotocol/protocolVersion': '2026-07-28' };
    const capabilities = { 'io.modelcontextprotocol/clientCapabilities': {} };
    const meta = { ...(params['_meta'] as JsonObject | undefined), ...version, ...capabilities };
    const headers = {
      ...{ authorization, 'mcp-protocol-version': '2026-07-28', 'mcp-method': method },
      ...(params['name'] !== undefined && { 'mcp-name': params['name'] as string }),
    };
    return await read(await this.#post('/mcp', { ...body, params: { ...params, _meta: meta } }, headers));
  }

  #sessionOf(coming: Coming): Promise<Session> {
    const session = this.#sessions.get(coming.caller) ?? this.#begin(coming);
    this.#sessions.set(coming.caller, session);
    return session;
  }

  async #begin({ caller, credential }: Coming): Promise<Session> {
    const authorization = `Bearer ${credential}`;
    const params = { protocolVersion: '2025-06-18', capabilities: {}, clientInfo: { name: 'test', version: '1' } };
    const body = { jsonrpc: '2.0', id: 0, method: 'initialize', params };
    const response = await this.#post('/mcp', body, { authorization });
    await response.text();
    const id = response.headers.get('mcp-session-id');
    if (id === null) throw new Error(`no session: ${response.status}`);
    const session: Session = { id, said: [], over: new AbortController() };
    this.#open.set(caller, session);
    // It ends with the test, or with the gateway.
    void this.#listen(session, authorization).catch(() => {});
    return session;
  }

  async #listen({ id, said, over }: Session, authorization: string): Promise<void> {
    const headers = { authorization, accept: 'text/event-stream', 'mcp-session-id': id };
    const response = await fetch(`${this.#url}/mcp`, { headers, signal: over.signal });
    const decoder = new TextDecoder();
    for await (const chunk of response.body ?? []) said.push(decoder.decode(chunk as Uint8Array, { stream: true }));
  }

  #post(path: string, body: unknown, headers: Record<string, string>): Promise<Response> {
    return fetch(`${this.#url}${path}`, {
      method: 'POST',
      headers: {
        ...{ 'content-type': 'application/json', accept: 'application/json, text/event-stream' },
        ...headers,
      },
      body: JSON.stringify(body),
    });
  }
}

const read = async (response: Response): Promise<Answered> => ({
  status: response.status,
  text: await response.text(),
});
