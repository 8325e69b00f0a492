/**
 * What this source uses of the driver beneath its documented surface, named once so that a driver
 * upgrade is checked against one file: the socket, its upgrade to TLS, and the metadata of columns.
 */
import type { EventEmitter } from 'node:events';
import type { Duplex } from 'node:stream';

export interface WireColumn {
  readonly name: string;
  readonly columnType: number;
  readonly characterSet: number;
  /** MariaDB's own: `json` for its JSON, which else is a LONGTEXT. */
  readonly extendedFormat?: string;
}

export interface WireStatement {
  readonly columns: readonly unknown[];
  readonly parameters: readonly unknown[];
  execute(values: readonly unknown[]): EventEmitter;
  close(): void;
}

/** The answer of a statement without rows (OK_Packet). */
export interface WireOk {
  readonly affectedRows: number | string;
  readonly serverStatus: number;
}

export interface WireConnection extends EventEmitter {
  stream: Duplex;
  readonly threadId: number;
  readonly packetParser: { execute(chunk: Buffer): void };
  startTLS(onSecure: (error?: Error) => void): void;
  _handleNetworkError(error: Error): void;
  connect(callback: (error: Error | null) => void): void;
  prepare(sql: string, callback: (error: Error | null, statement: WireStatement) => void): void;
  unprepare(sql: string): void;
  query(sql: string): EventEmitter;
  query(sql: string, callback: (error: Error | null, answer: WireOk) => void): void;
  reset(callback: (error: Error | null) => void): void;
  changeUser(account: object, callback: (error: Error | null) => void): void;
  end(callback: (error: Error | null) => void): void;
}

/** OK_Packet's status: a transaction is open, and it only reads. */
export const IN_TRANSACTION = 0x0001;
export const IN_TRANSACTION_READ_ONLY = 0x2000;
