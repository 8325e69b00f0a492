import { isRecord, type JsonObject } from '#kernel';
import type { ServerConnection } from '../connections/server-connection.ts';
import { serversError } from '../errors.ts';

/** The lists of a server, each entry as it was given. */
export interface KnownLists {
  readonly tools: readonly JsonObject[];
  readonly prompts: readonly JsonObject[];
  readonly resources: readonly JsonObject[];
  readonly resourceTemplates: readonly JsonObject[];
}

/** A list that is longer is a fault of the server, or an attack: a catalogue is kept in memory and shown to models. */
export const MOST_ENTRIES = 5_000;
const MOST_PAGES = 500;
const MOST_BYTES = 16 * 1024 ** 2;
const LIST_MS = 30_000;

const LISTS = [
  { list: 'tools', method: 'tools/list', capability: 'tools' },
  { list: 'prompts', method: 'prompts/list', capability: 'prompts' },
  { list: 'resources', method: 'resources/list', capability: 'resources' },
  { list: 'resourceTemplates', method: 'resources/templates/list', capability: 'resources' },
] as const;

/** Reads what the server says it has. Rejects where one of the lists cannot be read whole: half a catalogue would take tools away. */
export async function readLists(
  connection: ServerConnection,
  server: string,
  signal: AbortSignal,
): Promise<KnownLists> {
  const read: { -readonly [List in keyof KnownLists]: readonly JsonObject[] } = {
    ...{ tools: [], prompts: [], resources: [], resourceTemplates: [] },
  };
  for (const { list, method, capability } of LISTS) {
    if (!isRecord(connection.capabilities[capability])) continue;
    read[list] = await readList(connection, { list, method, server }, signal);
  }
  return read;
}

async function readList(
  connection: ServerConnection,
  { list, method, server }: { list: string; method: string; server: string },
  signal: AbortSignal,
): Promise<readonly JsonObject[]> {
  const entries: JsonObject[] = [];
  const cursors = new Set<string>();
  const wrong = (what: string) => serversError('SERVER_ANSWER_INVALID', `\`${method}\` of \`${server}\`: ${what}`);
  let bytes = 0;
  for (let params: JsonObject = {}; ;) {
    const page = await connection.request(method, params, {
      signal: AbortSignal.any([signal, AbortSignal.timeout(LIST_MS)]),
    });
    const found = page[list];
    if (!Array.isArray(found)) {
      // A server that has resources need not have templates, and some say so by an empty answer.
      if (found === undefined && list === 'resourceTemplates') return entries;
      throw wrong(`\`${list}\` is no list`);
    }
    for (const entry of found) {
      if (!isRecord(entry)) throw wrong('an entry is no object');
      entries.push(entry);
    }
    bytes += Buffer.byteLength(JSON.stringify(page));
    if (entries.length > MOST_ENTRIES) throw wrong(`it has more than ${MOST_ENTRIES} entries`);
    if (bytes > MOST_BYTES) throw wrong(`it is larger than ${MOST_BYTES} bytes`);
    const { nextCursor } = page;
    if (nextCursor === undefined || nextCursor === null) return entries;
    if (typeof nextCursor !== 'string') throw wrong('`nextCursor` is no text');
    if (cursors.has(nextCursor)) throw wrong('its pages go round in a circle');
    if (cursors.size >= MOST_PAGES) throw wrong(`it has more than ${MOST_PAGES} pages`);
    cursors.add(nextCursor);
    params = { cursor: nextCursor };
  }
}
