import type { McpServerDeclaration } from '#contract';
import type { JsonObject } from '#kernel';
import type { AskedRequest } from '../bridge/index.ts';
import type { Behalf } from '../bridge/bridge.ts';
import type { KnownLists } from '../catalogue/index.ts';

/** The server that an entry is of, as the entry needs it. */
export interface Asker {
  readonly declaration: McpServerDeclaration;
  /** Asks in somebody's name; as `Bridge.ask`. */
  ask(request: AskedRequest, behalf: Behalf): Promise<JsonObject>;
  /** Opens a connection in somebody's name, if there is none; resolves to how many tools there are then. */
  connect(behalf: Behalf): Promise<number>;
  /** Whether the context is shown the entry; undefined where all are shown the same. */
  readonly shows: ((context: string, kind: keyof KnownLists, raw: JsonObject) => boolean) | undefined;
  /** As `Resource.watch`. */
  watch(uri: string, changed: () => void, signal: AbortSignal): void;
  /** Counts a call in; false where the server was taken away. */
  enter(): boolean;
  leave(): void;
}

/** `seenBy` of an entry; nothing where all are shown the same. */
export function seenBy(
  { shows }: Asker,
  kind: keyof KnownLists,
  raw: JsonObject,
): { seenBy?: (context: string) => boolean } {
  return shows === undefined ? {} : { seenBy: (context) => shows(context, kind, raw) };
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
