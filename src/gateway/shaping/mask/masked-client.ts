import type { ClientFace, InputRequest } from '#contract';
import type { JsonObject, JsonValue } from '#kernel';
import type { Masking } from './mask-output.ts';

/**
 * The client as a masked call may speak to it: what a tool tells it on the way, and what it asks, goes through the
 * same masks as its answer. What they do not let through is not said; a question that they block fails the call.
 * `patterns`: without the paths of fields, since the members of a question are its form and not its content.
 */
export function maskedClient(face: ClientFace, masking: Masking, patterns: Masking): ClientFace {
  return {
    capabilities: face.capabilities,
    state: face.state,
    logLevel: face.logLevel,
    progress(progress, total, message) {
      const said = message === undefined ? undefined : unlessBlocked(() => patterns.text(message));
      face.progress(progress, total, said);
    },
    log(level, data, logger) {
      const said = unlessBlocked((): JsonValue => masking.json(data));
      if (said !== undefined) face.log(level, said, logger);
    },
    // Async, so that what is blocked is a rejection wherever it is.
    async request(inputs, state) {
      return face.request(maskedInputs(inputs, patterns), state);
    },
  };
}

function maskedInputs(
  inputs: Readonly<Record<string, InputRequest>>,
  patterns: Masking,
): Readonly<Record<string, InputRequest>> {
  const masked = (input: InputRequest): InputRequest =>
    input.params === undefined ? input : { ...input, params: patterns.json(input.params) as JsonObject };
  return Object.fromEntries(Object.entries(inputs).map(([key, input]) => [key, masked(input)]));
}

function unlessBlocked<Said>(say: () => Said): Said | undefined {
  try {
    return say();
  } catch {
    return undefined;
  }
}
