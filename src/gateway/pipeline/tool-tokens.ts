/**
 * Tokens that a tool wants beside the credential: `authRequired`, which any one of the named services
 * satisfies, and parameters whose value is a claim (`authServices`). What lets a caller in and what says on
 * whose behalf are two things: an agent comes with its key, and brings the token of the person it acts for.
 */
import type { Principal } from '#contract';
import type { ChatelaineError, JsonObject, JsonValue } from '#kernel';
import { nativeHeader } from '#resource-server';
import type { Tool, Violation } from '#toolbox';
import { gatewayError } from '../errors.ts';
import type { DoorGuard } from './door-guard.ts';

/** What was found of the tokens that a tool wants. */
export interface ToolTokens {
  /** Claims of genuine tokens, by service. */
  readonly claims: ReadonlyMap<string, Readonly<Record<string, unknown>>>;
  /** Whom those in headers of their own name, for the record; the credential's own is the caller anyhow. */
  readonly subjects: readonly { readonly iss: string; readonly sub: string }[];
  /** A service could not say whether its token counts. */
  readonly unverifiable: boolean;
}

interface Asked {
  readonly principal: Principal;
  readonly guard: DoorGuard | undefined;
}

/** Whether a tool wants any; most do not. */
export const wantsTokens = (tool: Tool): boolean =>
  tool.authRequired.length > 0 || tool.authenticatedParameters.size > 0;

/**
 * The tokens that the tool wants and the request has. Throws `TOOL_TOKEN_REQUIRED` where `authRequired` is not
 * satisfied, `CREDENTIAL_UNVERIFIABLE` where nobody can say whether it is.
 */
export async function toolTokens(tool: Tool, asked: Asked): Promise<ToolTokens> {
  const services = new Set(tool.authRequired);
  for (const sources of tool.authenticatedParameters.values()) for (const { service } of sources) services.add(service);
  const claims = new Map<string, Readonly<Record<string, unknown>>>();
  const subjects = new Map<string, { readonly iss: string; readonly sub: string }>();
  let unverifiable = false;
  await Promise.all(
    Array.from(services, async (service) => {
      const own = claimsOfCredential(service, asked.principal);
      if (own !== undefined) return void claims.set(service, own);
      const found = await asked.guard?.tokenOf(service);
      if (found === undefined) return;
      if (found.ok) {
        const { issuer, subject } = found.value;
        claims.set(service, found.value.claims);
        subjects.set(JSON.stringify([issuer, subject]), { iss: issuer, sub: subject });
      } else if (found.error.reason === 'unavailable') unverifiable = true;
    }),
  );
  const tokens = { claims, subjects: [...subjects.values()], unverifiable };
  if (tool.authRequired.length === 0 || tool.authRequired.some((service) => claims.has(service))) return tokens;
  throw missing(tool, tool.authRequired, tokens, asked);
}

/** The claims of the credential itself, where that service vouched for it: no second token of it is asked for. */
const claimsOfCredential = (
  service: string,
  { via, claims }: Principal,
): Readonly<Record<string, unknown>> | undefined =>
  via.method === 'token' && via.service === service ? claims : undefined;

/** Values of authenticated parameters: of the first service, in their order, whose token has the claim. */
export function claimedValues(tool: Tool, { claims }: ToolTokens): JsonObject {
  const values: JsonObject = {};
  for (const [parameter, sources] of tool.authenticatedParameters) {
    for (const { service, claim } of sources) {
      const token = claims.get(service);
      if (token === undefined || !Object.hasOwn(token, claim)) continue;
      values[parameter] = token[claim] as JsonValue;
      break;
    }
  }
  return values;
}

/** The refusal where a parameter has no value because no token of its services came; undefined for other violations. */
export function missingClaim(
  tool: Tool,
  violations: readonly Violation[],
  tokens: ToolTokens,
  asked: Asked,
): ChatelaineError | undefined {
  for (const { path } of violations) {
    const services = tool.authenticatedParameters.get(path)?.map(({ service }) => service);
    if (services?.some((service) => tokens.claims.has(service)) === false)
      return missing(tool, services, tokens, asked);
  }
  return undefined;
}

function missing(tool: Tool, services: readonly string[], tokens: ToolTokens, { guard }: Asked): ChatelaineError {
  if (tokens.unverifiable) {
    return gatewayError(
      'CREDENTIAL_UNVERIFIABLE',
      `the token that tool \`${tool.name}\` wants cannot be verified now`,
      {
        details: { retryAfterSeconds: 2 },
      },
    );
  }
  const names = services.map((service) => `\`${service}\` (header \`${nativeHeader(service)}\`)`).join(' or ');
  const challenge = guard?.challenge;
  return gatewayError('TOOL_TOKEN_REQUIRED', `tool \`${tool.name}\` wants a token of ${names}`, {
    details: {
      described: true,
      scopes: [...new Set([...(challenge?.scopes ?? []), ...tool.scopesRequired])],
      metadata: challenge?.metadata,
    },
  });
}
