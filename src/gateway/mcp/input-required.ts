/**
 * Asking the client on the stateless revision: the call ends with `input_required`, and the client's
 * retry brings the answers; the handler runs again and finds them (MCP 2026-07-28, MRTR).
 */
import { RoundEnded, type InputRequest, type Principal } from '#contract';
import { isRecord, type JsonObject, type JsonValue } from '#kernel';
import { INVALID_PARAMS, RpcError } from './json-rpc.ts';
import { stateBinding, type OpenedState, type RequestStates } from './request-state.ts';

/** Ends the call with the questions; not a failure. */
export class InputRequired extends RoundEnded {
  readonly result: JsonObject;

  constructor(result: JsonObject) {
    super('input required');
    this.result = result;
  }
}

/** The rounds of one call, as this request continues them. */
export interface Rounds {
  readonly state: JsonValue | undefined;
  /** As `OpenedState.heldBy`. */
  readonly heldBy: string | undefined;
  ask(
    inputs: Readonly<Record<string, InputRequest>>,
    state: JsonValue | undefined,
  ): Promise<Readonly<Record<string, JsonObject>>>;
  /** The call did not begin: the state it brought counts again. */
  handBack(): void;
}

/** Methods whose answer may be a question (ibid., Supported Requests). */
const ASKING: ReadonlySet<string> = new Set(['tools/call', 'prompts/get', 'resources/read']);

/**
 * Opens the state that the request brings, if any; refuses one that does not verify. Undefined for the
 * methods that may not ask: there a state in the params means nothing.
 */
export function continueRounds(
  states: RequestStates,
  principal: Principal,
  method: string,
  params: JsonObject,
): Rounds | undefined {
  if (!ASKING.has(method)) return undefined;
  // Read late: nearly every call is neither in rounds nor asks.
  const binding = (): Buffer => stateBinding(principal, method, params);
  const earlier = openState(states, params['requestState'], binding);
  const answers = { ...earlier.answers, ...readResponses(params['inputResponses']) };
  return {
    state: earlier.state,
    heldBy: earlier.heldBy,
    handBack: () => earlier.handBack(),
    ask(inputs, state) {
      const open = Object.entries(inputs).filter(([key]) => !Object.hasOwn(answers, key));
      if (open.length === 0) {
        return Promise.resolve(Object.fromEntries(Object.keys(inputs).map((key) => [key, answers[key] as JsonObject])));
      }
      return Promise.reject(
        new InputRequired({
          resultType: 'input_required',
          inputRequests: Object.fromEntries(open),
          requestState: states.seal({ answers, state: state ?? earlier.state }, binding()),
        }),
      );
    },
  };
}

const FIRST_ROUND: OpenedState = { answers: {}, state: undefined, heldBy: undefined, handBack: () => {} };

function openState(states: RequestStates, presented: JsonValue | undefined, binding: () => Buffer): OpenedState {
  if (presented === undefined) return FIRST_ROUND;
  if (typeof presented !== 'string')
    throw new RpcError(INVALID_PARAMS, '`requestState` must be a string', { status: 400 });
  const opened = states.open(presented, binding());
  if (!opened.ok) throw new RpcError(INVALID_PARAMS, opened.error, { status: 400 });
  return opened.value;
}

/** The client's answers; whatever is not an object under a key is as good as not sent. */
function readResponses(responses: JsonValue | undefined): Record<string, JsonObject> {
  if (responses === undefined) return {};
  if (!isRecord(responses)) throw new RpcError(INVALID_PARAMS, '`inputResponses` must be an object', { status: 400 });
  return Object.fromEntries(Object.entries(responses).filter(([, answer]) => isRecord(answer))) as Record<
    string,
    JsonObject
  >;
}
