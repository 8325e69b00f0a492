import type { CallerFace, McpServerDeclaration } from '#contract';
import { isRecord, type JsonObject } from '#kernel';

/** What of the capabilities of a client is about questions: the rest is between it and us. */
const ASKED = ['sampling', 'elicitation', 'roots'] as const;

/**
 * What a server is to know of the client: no more than it can do, or it is asked what it cannot answer; nothing that we
 * do not pass on (`roots.listChanged`); and of a client's folders, nothing for a child process. They lie on the client's
 * machine and it runs on ours, where servers take them for what they may show: a caller who names `/` would be shown
 * whatever the process can read, in the place of the folders of the document (MCP-036).
 */
export function askableOf(
  capabilities: JsonObject,
  { command, shared }: Pick<McpServerDeclaration, 'command' | 'shared'>,
): JsonObject {
  const askable: JsonObject = {};
  // Whose question it is nobody could say of a connection that several callers share.
  if (shared) return askable;
  for (const name of ASKED) {
    const capability = capabilities[name];
    if (!isRecord(capability) || (name === 'roots' && command !== undefined)) continue;
    askable[name] = name === 'roots' ? {} : capability;
  }
  return askable;
}

/**
 * Calls with one key may go over one connection. What one context opened is never another's: a session of the server
 * remembers what was done in it, and its questions name no call. A connection of the stateless era remembers
 * nothing, so there the caller counts only where requests are authorized in their name.
 */
export function connectionKey(
  caller: Pick<CallerFace, 'context'>,
  capabilities: JsonObject,
  about: { readonly isPerCaller: boolean },
): string {
  return JSON.stringify([about.isPerCaller ? caller.context : null, sorted(capabilities)]);
}

function sorted(value: JsonObject): unknown {
  return Object.keys(value)
    .toSorted()
    .map((key) => {
      const member = value[key];
      return [key, isRecord(member) ? sorted(member) : member];
    });
}
