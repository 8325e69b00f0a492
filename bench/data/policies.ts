/** Policies beside those of a new installation, as a company of many teams would have them. */
import { toolName } from './tools.ts';

const TEAMS = 40;

/**
 * So many policies: most are about other teams and their tools, some about everybody; each looks at something.
 * Whoever has the role `user` may call every tool of `sqliteTools` under them.
 */
export const policies = (count: number): string => Array.from({ length: count }, (_, at) => policy(at)).join('');

function policy(at: number): string {
  const tool = `Tool::"default/${toolName(at % 1000)}"`;
  const team = `Group::"team-${at % TEAMS}"`;
  const rules = [
    `permit (principal in ${team}, action == Action::"execute", resource == ${tool});`,
    `@overridable forbid (principal in ${team}, action, resource == ${tool}) when { context.door == "cli" };`,
    `permit (principal in ${team}, action, resource) when { resource.tags.contains("team-${at % TEAMS}") };`,
    `forbid (principal, action == Action::"vend", resource == ${tool}) unless { context.mfa };`,
    `@limit("1000000 calls per 1h") permit (principal in Role::"user", action == Action::"execute", resource == ${tool}) when { context.door == "mcp" };`,
  ];
  return `kind: policy
name: policy-${String(at).padStart(4, '0')}
cedar: |
  ${rules[at % rules.length] as string}
---
`;
}

/** A limit for everybody that nobody reaches. */
export const LIMITS = `kind: limit
name: everybody
per: principal
limits: 100000000 calls per 1d
---
`;
