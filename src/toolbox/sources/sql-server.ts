/** What sources have in common whose database is a server: where it is, who is said to ask, and whether it answers. */
import { formatDuration } from '#kernel';
import type { SqlSource } from './source.ts';

/** Connections that nobody used for so long are closed. */
export const IDLE_MS = 5 * 60_000;

export interface ServerPlace {
  /** As errors name it. */
  readonly target: string;
  /** Where the source reaches out of this host; nowhere through a socket of it. */
  readonly egress: readonly string[];
}

export const serverPlace = (
  scheme: string,
  { host, port }: { readonly host: string; readonly port: number },
): ServerPlace =>
  host.startsWith('/')
    ? { target: host, egress: [] }
    : { target: `${host}:${port}`, egress: [`${scheme}://${host}:${port}`] };

/** What statements begin with where `sqlCommenter` asks for it: constant for the source, so that they can be prepared once. */
export const statementComment = (sqlCommenter: boolean | undefined, source: string): string =>
  sqlCommenter === true ? `/*application='chatelaine',source='${encodeURIComponent(source)}'*/ ` : '';

/** Resolves when the server answers in the time that a connection may take; throws what `unreachable` makes of it else. */
export async function checkAnswers(
  source: Pick<SqlSource, 'query' | 'readOnly'>,
  asked: {
    readonly signal: AbortSignal;
    readonly timeoutMs: number;
    readonly unreachable: (cause: unknown) => Error;
  },
): Promise<void> {
  const { signal, timeoutMs, unreachable } = asked;
  const limits = { signal, timeoutMs, maxRows: 1, maxBytes: 1024, readOnly: source.readOnly };
  try {
    await source.query({ text: 'SELECT 1', values: [], fixed: true }, limits);
  } catch (error) {
    signal.throwIfAborted();
    const late = (error as { code?: unknown }).code === 'TOOL_TIMEOUT';
    throw unreachable(late ? new Error(`no answer within ${formatDuration(timeoutMs)}`) : error);
  }
}
