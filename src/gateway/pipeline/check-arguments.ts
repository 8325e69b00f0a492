import type { ChatelaineError, JsonObject, JsonValue } from '#kernel';
import type { Tool, ToolArguments, Violation } from '#toolbox';
import { gatewayError } from '../errors.ts';
import type { CallRequest } from './call-request.ts';
import { claimedValues, missingClaim, type ToolTokens } from './tool-tokens.ts';

/** What the tool is called with: checked, with what tokens say and the secure channel brings. */
export function checkArguments(tool: Tool, request: CallRequest, tokens: ToolTokens | undefined): ToolArguments {
  let supplied: JsonObject | undefined = tokens && claimedValues(tool, tokens);
  if (tool.secureParameters.length > 0) {
    const secure = request.secureArguments;
    if (secure === undefined) {
      throw gatewayError(
        'SECURE_CHANNEL_REQUIRED',
        `tool \`${tool.name}\` takes \`${tool.secureParameters.join('`, `')}\` through the secure channel only`,
      );
    }
    // Only declared names cross over: the secure channel must not smuggle ordinary arguments.
    const said = tool.secureParameters.filter((name) => Object.hasOwn(secure, name));
    supplied = { ...Object.fromEntries(said.map((name) => [name, secure[name] as JsonValue])), ...supplied };
  }
  const checked = tool.check(request.arguments, supplied);
  if (checked.ok) return checked.value;
  const lacking = tokens && missingClaim(tool, checked.error, tokens, request);
  throw lacking ?? argumentsInvalid(tool.name, checked.error);
}

/** ARGUMENTS_INVALID with every violation in the message, since a model reads only that. */
export function argumentsInvalid(name: string, violations: readonly Violation[]): ChatelaineError {
  const list = violations.map((violation) =>
    violation.path === '' ? violation.message : `\`${violation.path}\`: ${violation.message}`,
  );
  return gatewayError('ARGUMENTS_INVALID', `the arguments of \`${name}\` are not valid: ${list.join('; ')}`, {
    details: { violations },
  });
}
