import { ChatelaineError } from '#kernel';
import type { Problem } from '#http';
import { cliError } from '../errors.ts';

/** A request of the REST contract; its path is below `/api/v1`. */
export interface ApiRequest {
  readonly method: 'GET' | 'POST' | 'PUT' | 'DELETE';
  readonly path: string;
  readonly query?: Readonly<Record<string, string | undefined>>;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: unknown;
}

/** A success, whatever was asked. */
export interface ApiAnswer<Body> {
  readonly body: Body;
  readonly etag: string | undefined;
}

/** What carries a request: a server's door, or this process. Gives what was answered, success or not. */
export type Transport = (request: {
  readonly method: string;
  readonly target: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: Buffer | undefined;
}) => Promise<{ readonly status: number; readonly etag: string | undefined; readonly text: string }>;

/** The API as commands speak to it. They do not know whether a server answers, or their own process. */
export class ApiClient {
  readonly #transport: Transport;

  constructor(transport: Transport) {
    this.#transport = transport;
  }

  /** Throws what the API refuses with, as the error that it is. */
  async ask<Body>(request: ApiRequest): Promise<ApiAnswer<Body>> {
    const { method, path, query = {}, headers = {}, body } = request;
    const parameters = new URLSearchParams(
      Object.entries(query).flatMap(([name, value]) =>
        value === undefined ? [] : [[name, value] as [string, string]],
      ),
    ).toString();
    const { status, etag, text } = await this.#transport({
      method,
      target: `/api/v1${path}${parameters === '' ? '' : `?${parameters}`}`,
      headers: {
        accept: 'application/json',
        ...(body !== undefined && { 'content-type': 'application/json' }),
        ...headers,
      },
      body: body === undefined ? undefined : Buffer.from(JSON.stringify(body)),
    });
    if (status < 200 || status >= 300) throw errorOf(status, text);
    return { body: (text === '' ? undefined : JSON.parse(text)) as Body, etag };
  }

  async get<Body>(path: string, query: ApiRequest['query'] = {}): Promise<Body> {
    return (await this.ask<Body>({ method: 'GET', path, query })).body;
  }

  async post<Body>(path: string, body?: unknown): Promise<Body> {
    return (await this.ask<Body>({ method: 'POST', path, ...(body !== undefined && { body }) })).body;
  }

  /** Every item of a listing, page after page. */
  async all<Item>(path: string, query: ApiRequest['query'] = {}): Promise<readonly Item[]> {
    const items: Item[] = [];
    let cursor: string | undefined;
    do {
      const page: { items: Item[]; next?: string } = await this.get(path, { ...query, limit: '1000', cursor });
      items.push(...page.items);
      cursor = page.next;
    } while (cursor !== undefined);
    return items;
  }
}

/**
 * A path with names put in: `at\`/agents/${namespace}/${name}\``. Throws `NAME_IMPOSSIBLE` for what would
 * climb in a path, which every reader of URLs resolves, also when it is encoded.
 */
export function at(parts: TemplateStringsArray, ...names: readonly string[]): string {
  return String.raw(
    { raw: parts },
    ...names.map((name) => {
      if (name !== '' && !/^\.+$/.test(name)) return encodeURIComponent(name);
      throw cliError('NAME_IMPOSSIBLE', `\`${name}\` is no name of anything`);
    }),
  );
}

function errorOf(status: number, text: string): ChatelaineError {
  const problem = problemIn(text);
  if (problem === undefined) {
    return cliError('SERVER_UNEXPECTED', `the server answered with ${status}, and not as Chatelaine does`);
  }
  const { code, title, detail, remedy } = problem;
  return new ChatelaineError(code, { status, title, remedy }, detail);
}

function problemIn(text: string): Problem | undefined {
  try {
    const parsed = JSON.parse(text) as Partial<Problem>;
    return typeof parsed.code === 'string' && typeof parsed.detail === 'string' ? (parsed as Problem) : undefined;
  } catch {
    return undefined;
  }
}
