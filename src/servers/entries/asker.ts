import type { McpServerDeclaration } from '#contract';
import type { JsonObject } from '#kernel';
import type { AskedRequest } from '../bridge/index.ts';
import type { Behalf } from '../bridge/bridge.ts';

/** The server that an entry is of, as the entry needs it. */
export interface Asker {
  readonly declaration: McpServerDeclaration;
  /** Asks in somebody's name; as `Bridge.ask`. */
  ask(request: AskedRequest, behalf: Behalf): Promise<JsonObject>;
  /** As `Resource.watch`. */
  watch(uri: string, changed: () => void, signal: AbortSignal): void;
  /** Counts a call in; false where the server was taken away. */
  enter(): boolean;
  leave(): void;
}

/** A text of a definition, where it is one. */
export const textIn = (raw: JsonObject, member: string): string | undefined => {
  const value = raw[member];
  return typeof value === 'string' ? value : undefined;
};

/** The members of a definition beside those that are named; undefined where there are none. */
export function membersBeside(raw: JsonObject, named: readonly string[]): JsonObject | undefined {
  const others = Object.entries(raw).filter(([name]) => !named.includes(name));
  return others.length === 0 ? undefined : Object.fromEntries(others);
}
