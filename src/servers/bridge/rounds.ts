/**
 * A request to a server of the stateless era: it ends a round with its questions, and the next brings the answers,
 * with `requestState` as it was given (MCP 2026-07-28, MRTR). A client of a session is asked between two rounds; one
 * of the stateless era has its own rounds, and what belongs to the server's travels sealed in its state.
 */
import type { InputRequest } from '#contract';
import { isRecord, type JsonObject, type JsonValue } from '#kernel';
import type { ServerConnection } from '../connections/server-connection.ts';
import { serversError } from '../errors.ts';
import type { AskedRequest, Behalf } from './bridge.ts';
import { tellClient } from './notices.ts';

/** A round that ended with questions. */
interface Round {
  /** The questions, by the keys that the client has them under. */
  readonly inputs: Readonly<Record<string, InputRequest>>;
  /** The server's keys for those that are not its own: the client keeps what was answered before by key. */
  readonly theirKeys: Readonly<Record<string, string>>;
  readonly requestState: JsonValue | undefined;
  /** Keys that the client has seen so far. */
  readonly used: readonly string[];
}

const MOST_ROUNDS = 32;
const MOST_INPUTS = 64;

const METHODS: ReadonlySet<unknown> = new Set(['sampling/createMessage', 'elicitation/create', 'roots/list']);

/** The round that the state of an earlier one tells of; undefined in the first. */
export const readRound = (state: JsonObject): Round | undefined =>
  isRecord(state['round']) ? (state['round'] as unknown as Round) : undefined;

export async function inRounds(
  connection: ServerConnection,
  request: AskedRequest,
  behalf: Behalf,
  ended: Round | undefined,
  server: string,
): Promise<JsonObject> {
  let params = ended === undefined ? request.params : await nextParams(request, ended, behalf);
  let used = ended?.used ?? [];
  for (let rounds = 0; rounds < MOST_ROUNDS; rounds++) {
    const result = await connection.request(request.method, params, {
      signal: behalf.signal,
      context: behalf.caller.context,
      notified: (method, said) => tellClient(behalf.client, method, said),
      ...(request.headers !== undefined && { headers: request.headers }),
    });
    if (result['resultType'] !== 'input_required') return result;
    const round = roundOf(result, used, server);
    ({ used } = round);
    params = await nextParams(request, round, behalf);
  }
  throw serversError('SERVER_ANSWER_INVALID', `\`${server}\` asked more than ${MOST_ROUNDS} times in one call`);
}

/** Asks the client and gives the params of the next round; rejects where that ends a round of the client's. */
async function nextParams(request: AskedRequest, round: Round, { client }: Behalf): Promise<JsonObject> {
  const { inputs, theirKeys, requestState } = round;
  const keys = Object.keys(inputs);
  const answers =
    keys.length === 0 ? {} : await client.request(inputs, { server: { round: round as unknown as JsonObject } });
  const inputResponses = Object.fromEntries(keys.map((key) => [theirKeys[key] ?? key, answers[key] ?? {}]));
  return {
    ...request.params,
    ...(keys.length > 0 && { inputResponses }),
    ...(requestState !== undefined && { requestState }),
  };
}

/** Throws `SERVER_ANSWER_INVALID` for what is no question that a client could be asked. */
function roundOf(result: JsonObject, before: readonly string[], server: string): Round {
  const { inputRequests = {}, requestState } = result;
  const wrong = (what: string) => serversError('SERVER_ANSWER_INVALID', `\`${server}\` asks for input, and ${what}`);
  if (!isRecord(inputRequests)) throw wrong('`inputRequests` is no object');
  const asked = Object.entries(inputRequests);
  if (asked.length > MOST_INPUTS) throw wrong(`asks more than ${MOST_INPUTS} things at once`);
  if (asked.length === 0 && requestState === undefined) throw wrong('says neither what for nor with which state');
  const used = new Set(before);
  const inputs: Record<string, InputRequest> = {};
  const theirKeys: Record<string, string> = {};
  for (const [key, input] of asked) {
    if (!isRecord(input) || !METHODS.has(input['method'])) throw wrong(`\`${key}\` is no question to a client`);
    let ours = key;
    for (let again = 2; used.has(ours); again++) ours = `${key}-${again}`;
    used.add(ours);
    inputs[ours] = input as unknown as InputRequest;
    if (ours !== key) theirKeys[ours] = key;
  }
  return { inputs, theirKeys, requestState, used: [...used] };
}
