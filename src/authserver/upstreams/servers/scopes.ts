/** What is asked for; pure. MCP authorization 2026-07-28, "Scope Selection Strategy" and "Refresh Tokens". */

export interface ScopeFacts {
  /** Of the document of the server: wins over everything. */
  readonly configured: readonly string[] | undefined;
  /** What a step-up is for: all that was granted, and what was asked for besides. */
  readonly wanted: readonly string[] | undefined;
  /** Of the challenge of the server. */
  readonly challenged: readonly string[] | undefined;
  /** Of its protected resource metadata. */
  readonly supported: readonly string[] | undefined;
  /** `scopes_supported` of the authorization server. */
  readonly announced: readonly string[] | undefined;
}

const OFFLINE = 'offline_access';

/**
 * The scopes of an authorization request; none means that the parameter is left out. `offline_access` belongs to the
 * authorization server and not to the resource: it is asked for where that announces it, and there alone.
 */
export function scopesToAsk({ configured, wanted, challenged, supported, announced }: ScopeFacts): readonly string[] {
  const asked = configured ?? wanted ?? challenged ?? supported ?? [];
  const others = [...new Set(asked)].filter((scope) => scope !== OFFLINE);
  return announced?.includes(OFFLINE) === true ? [...others, OFFLINE] : others;
}
