/** How this suite drives a client that somebody else wrote. */
export interface ForeignClient {
  /** The package, its version, and which of its ways to connect. */
  readonly name: string;
  /** The revision of MCP that it must be seen to speak on the wire. */
  readonly revision: string;
  /** Connects to an MCP endpoint, where the client has such a step; rejects when the server refuses. */
  connect(place: Place): Promise<Connection>;
}

export interface Place {
  /** `http://127.0.0.1:PORT`. */
  readonly origin: string;
  /** Undefined for everything. */
  readonly toolset: string | undefined;
  readonly key: string;
  /** An empty folder for whatever the client keeps. */
  readonly home: string;
}

export interface Connection {
  /** Names of the tools, as the client tells them. */
  list(): Promise<readonly string[]>;
  /** The texts of the answer, as the client hands them to a program. */
  call(tool: string, args: Readonly<Record<string, string | number>>): Promise<readonly string[]>;
  close(): Promise<void>;
}

/** The MCP endpoint of a place. */
export const endpoint = ({ origin, toolset }: Place): string =>
  toolset === undefined ? `${origin}/mcp` : `${origin}/mcp/${toolset}`;

/** The texts of a `CallToolResult`; throws when the tool failed. */
export function texts(result: Readonly<Record<string, unknown>>): readonly string[] {
  const content = (result['content'] ?? []) as readonly { readonly type: string; readonly text?: string }[];
  const found = content.flatMap(({ text }) => (text === undefined ? [] : [text]));
  if (result['isError'] === true) throw new Error(`the tool failed: ${found.join(' ')}`);
  return found;
}
