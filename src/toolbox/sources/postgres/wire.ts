/**
 * What this source uses of the driver beneath its documented surface: the connection that speaks the
 * protocol, message by message, and the hook for a query of one's own (as pg-cursor does it). Named
 * here once, so that a driver upgrade is checked against one file.
 */
import type { Duplex } from 'node:stream';

export interface WireConnection {
  readonly stream: Duplex;
  parse(message: { readonly name: string; readonly text: string }): void;
  bind(message: { readonly statement: string; readonly values: readonly (string | Buffer | null)[] }): void;
  describe(message: { readonly type: 'P' | 'S'; readonly name: string }): void;
  execute(message: { readonly rows: number }): void;
  close(message: { readonly type: 'P' | 'S'; readonly name: string }): void;
  flush(): void;
  sync(): void;
  sendCopyFail(reason: string): void;
  on(event: 'parameterDescription', listener: (message: { readonly dataTypeIDs: readonly number[] }) => void): void;
  off(event: 'parameterDescription', listener: (message: { readonly dataTypeIDs: readonly number[] }) => void): void;
}

export interface FieldDescription {
  readonly name: string;
  readonly dataTypeID: number;
}

/** What the driver calls while a query of ours is the active one. */
export interface Submittable {
  submit(connection: WireConnection): void;
  handleRowDescription(message: { readonly fields: readonly FieldDescription[] }): void;
  handleDataRow(message: { readonly fields: readonly (string | null)[] }): void;
  handlePortalSuspended(connection: WireConnection): void;
  handleCommandComplete(message: { readonly text: string }, connection: WireConnection): void;
  handleEmptyQuery(connection: WireConnection): void;
  handleReadyForQuery(connection: WireConnection): void;
  handleError(error: Error, connection: WireConnection): void;
  handleCopyInResponse(connection: WireConnection): void;
  handleCopyData(message: unknown, connection: WireConnection): void;
}

export interface WireClient {
  readonly connection: WireConnection;
  /** What the startup packet is made of. */
  readonly connectionParameters: { options: string | undefined };
  readonly processID: number | null;
  readonly secretKey: number | null;
  query(submittable: Submittable): unknown;
  query(text: string): Promise<unknown>;
  connect(): Promise<unknown>;
  end(): Promise<void>;
  getTransactionStatus(): string | null;
  on(event: 'error', listener: (error: Error) => void): void;
  on(event: 'end' | 'notice', listener: () => void): void;
}

/** `Bind` of a parameterless statement to the unnamed portal, and its `Execute`: bytes that never change. */
export function bindAndExecute(statement: string): Buffer {
  const name = Buffer.from(`${statement}\0`);
  const bind = Buffer.alloc(5 + 1 + name.length + 6);
  bind.write('B', 0);
  bind.writeInt32BE(bind.length - 1, 1);
  name.copy(bind, 6);
  const execute = Buffer.alloc(10);
  execute.write('E', 0);
  execute.writeInt32BE(9, 1);
  return Buffer.concat([bind, execute]);
}
