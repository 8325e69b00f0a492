import {
  EVERYWHERE,
  hasRole,
  type CalledTool,
  type Limit,
  type LimitCommon,
  type LimitPer,
  type Principal,
} from '#contract';
import { formatDuration } from '#kernel';

/** A limit of a document or of the API: which calls it is about, and by what they are counted. */
export interface LimitRule extends Pick<
  LimitCommon,
  'name' | 'per' | 'limits' | 'tools' | 'toolsets' | 'roles' | 'agents'
> {
  /** `namespace/name`; `*` stands for every namespace. Counts are kept by it. */
  readonly id: string;
  /** A namespace, or `EVERYWHERE`. */
  readonly namespace: string;
}

export function ruleOf({ everywhere, namespace: declared, name, ...rest }: LimitCommon): LimitRule {
  const namespace = everywhere ? EVERYWHERE : declared;
  const { per, limits, tools, toolsets, roles, agents } = rest;
  return { ...{ name, namespace, id: `${namespace}/${name}` }, per, limits, tools, toolsets, roles, agents };
}

/** Whether it is about calls of the tool, whoever calls. */
export function isAboutTool(
  { namespace, tools, toolsets }: LimitRule,
  tool: Pick<CalledTool, 'namespace' | 'name'>,
  inSets: readonly string[],
): boolean {
  return (
    (namespace === EVERYWHERE || namespace === tool.namespace) &&
    (tools === undefined || tools.includes(tool.name)) &&
    (toolsets === undefined || toolsets.some((name) => inSets.includes(name)))
  );
}

/** Whether it is about what that caller does in the namespace. */
export function isAboutCaller({ roles, agents }: LimitRule, principal: Principal, namespace: string): boolean {
  return (
    (roles === undefined || roles.some((role) => hasRole(principal, namespace, role))) &&
    (agents === undefined ||
      (principal.kind === 'agent' && (agents.includes(principal.name) || agents.includes(principal.sub))))
  );
}

/** As people write it: `100 calls per 1 h`. */
export const limitText = ({ most, unit, everyMs }: Limit): string =>
  everyMs === undefined ? `${most} ${unit}` : `${most} ${unit} per ${formatDuration(everyMs)}`;

export const perText = (per: readonly LimitPer[]): string => per.join('+');
