import { ChatelaineError } from '#kernel';
import type { Pieces, Problem } from '#http';
import { cliError } from '../errors.ts';

/** A request of the REST contract; its path is below `/api/v1`. */
export interface ApiRequest {
  readonly method: 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE';
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

/** What is answered, as it comes; `return` lets go of what was not read, also where nothing was. */
export type AnswerPieces = AsyncIterableIterator<string | Uint8Array>;

/** What carries a request: a server's door, or this process. Gives what was answered, success or not. */
export type Transport = (request: {
  readonly method: string;
  readonly target: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: Buffer | undefined;
  /** The answer may be long in coming, and longer than memory. */
  readonly patient: boolean;
}) => Promise<{ readonly status: number; readonly etag: string | undefined; readonly pieces: AnswerPieces }>;

/** The API as commands speak to it. They do not know whether a server answers, or their own process. */
export class ApiClient {
  readonly #transport: Transport;

  constructor(transport: Transport) {
    this.#transport = transport;
  }

  /** Throws what the API refuses with, as the error that it is. */
  async ask<Body>(request: ApiRequest): Promise<ApiAnswer<Body>> {
    const { status, etag, pieces } = await this.#send(request, false);
    const text = await textOf(pieces);
    if (status < 200 || status >= 300) throw errorOf(status, text);
    return { body: (text === '' ? undefined : JSON.parse(text)) as Body, etag };
  }

  /**
   * Hands on the pieces of an answer that may be longer than memory, and lets go of it when `use` has ended,
   * however it did: behind it somebody holds a connection, or files, or the record of how it ended.
   * Throws as `ask` does, later as the transport, and what `use` throws.
   */
  async stream<Value>(
    path: string,
    query: ApiRequest['query'],
    use: (pieces: Pieces) => Promise<Value>,
    /** Of a question that is too long for a query. */
    body?: unknown,
  ): Promise<Value> {
    const method = body === undefined ? 'GET' : 'POST';
    const { status, pieces } = await this.#send({ method, path, query: query ?? {}, body }, true);
    if (status !== 200) throw errorOf(status, await textOf(pieces));
    try {
      return await use(pieces);
    } finally {
      await pieces.return?.();
    }
  }

  async #send(request: ApiRequest, patient: boolean): ReturnType<Transport> {
    const { method, path, query = {}, headers = {}, body } = request;
    const parameters = new URLSearchParams(
      Object.entries(query).flatMap(([name, value]) =>
        value === undefined ? [] : [[name, value] as [string, string]],
      ),
    ).toString();
    return await this.#transport({
      method,
      patient,
      target: `/api/v1${path}${parameters === '' ? '' : `?${parameters}`}`,
      headers: {
        accept: patient ? '*/*' : 'application/json',
        ...(body !== undefined && { 'content-type': 'application/json' }),
        ...headers,
      },
      body: body === undefined ? undefined : Buffer.from(JSON.stringify(body)),
    });
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

async function textOf(pieces: Pieces): Promise<string> {
  const decoder = new TextDecoder();
  let text = '';
  for await (const piece of pieces) text += typeof piece === 'string' ? piece : decoder.decode(piece, { stream: true });
  return text + decoder.decode();
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
