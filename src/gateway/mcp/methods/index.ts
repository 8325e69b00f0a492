/** The methods of MCP that we answer, and in which era. A folder file per subject of the specification. */
import type { Method } from '../exchange.ts';
import type { McpServices } from '../services.ts';
import { completionMethods } from './completion.ts';
import { lifecycleMethods } from './lifecycle.ts';
import { promptMethods } from './prompts.ts';
import { resourceMethods } from './resources.ts';
import { subscriptionMethods } from './subscriptions.ts';
import { toolMethods } from './tools.ts';

export function mcpMethods(services: McpServices): ReadonlyMap<string, Method> {
  return new Map(
    Object.entries({
      ...lifecycleMethods(services),
      ...toolMethods(services),
      ...promptMethods(services),
      ...resourceMethods(services),
      ...completionMethods(services),
      ...subscriptionMethods(services),
    }),
  );
}
