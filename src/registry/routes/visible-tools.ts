/** Which tools a caller sees: what they look after or own, and what they may call. Every other is as one that is not there. */
import type { CatalogueTool, Principal } from '#contract';
import { keyOf, type ToolName } from '../pins/pin.ts';
import { unknownTool } from '../tools/errors.ts';
import type { RegisteredTool } from '../tools/registered-tool.ts';
import { looksAfterTools, type ToolRouteParts } from './parts.ts';
import type { ShownTool } from './shapes.ts';

/** The tool, whoever asks, with how it is used. */
export async function showTool(parts: ToolRouteParts, name: ToolName): Promise<ShownTool> {
  const registered = await parts.registry.find(name);
  return shownOf(parts, name, registered, (await parts.usage?.of([name]))?.get(keyOf(name)));
}

/** The tool for who may see it. Throws `REGISTERED_TOOL_UNKNOWN` for everybody else. */
export async function visibleTool(parts: ToolRouteParts, principal: Principal, name: ToolName): Promise<ShownTool> {
  const shown = await showTool(parts, name);
  if (shown.running === undefined && shown.registered === undefined) throw unknownTool(name);
  if (looksAfterTools(principal, name.namespace) || owns(principal, shown.registered)) return shown;
  if (shown.running === undefined || parts.pins.standings.isHidden(shown.running, principal)) throw unknownTool(name);
  if ((await parts.callable?.(principal, name.namespace))?.has(name.name) === true) return shown;
  throw unknownTool(name);
}

/** All that the caller sees, in order. */
export async function visibleTools(
  parts: ToolRouteParts,
  principal: Principal,
  namespaces: readonly string[] | 'all',
): Promise<readonly ShownTool[]> {
  const within = (namespace: string): boolean => namespaces === 'all' || namespaces.includes(namespace);
  const registered = new Map(
    (await parts.registry.list()).filter((one) => within(one.namespace)).map((one) => [keyOf(one), one]),
  );
  const names = new Map<string, ToolName>(registered);
  for (const tool of parts.running?.all() ?? []) if (within(tool.namespace)) names.set(keyOf(tool), tool);
  const all = [...names.values()].map((name) => shownOf(parts, name, registered.get(keyOf(name)), undefined));
  const seen: ShownTool[] = [];
  const callable = new Map<string, ReadonlySet<string> | undefined>();
  for (const one of all) {
    const { namespace } = one;
    if (looksAfterTools(principal, namespace) || owns(principal, one.registered)) {
      seen.push(one);
      continue;
    }
    if (!callable.has(namespace)) callable.set(namespace, await parts.callable?.(principal, namespace));
    if (isForCallers(parts, principal, one.running, one.refusal) && callable.get(namespace)?.has(one.name) === true)
      seen.push(one);
  }
  return seen.toSorted((left, right) => (placeOf(left) < placeOf(right) ? -1 : 1));
}

const isForCallers = (
  { pins }: ToolRouteParts,
  principal: Principal,
  tool: CatalogueTool | undefined,
  refusal: string | undefined,
): boolean => tool !== undefined && refusal === undefined && !pins.standings.isHidden(tool, principal);

/** What tools are in the order of. `/` stands in no name, and before every letter of one. */
export const placeOf = ({ namespace, name }: ToolName): string => `${namespace}/${name}`;

export const owns = (principal: Principal, tool: RegisteredTool | undefined): boolean =>
  tool !== undefined &&
  tool.owner.kind === principal.kind &&
  tool.owner.iss === principal.iss &&
  tool.owner.sub === principal.sub;

function shownOf(
  { pins, running }: ToolRouteParts,
  { namespace, name }: ToolName,
  registered: RegisteredTool | undefined,
  usage: ShownTool['usage'],
): ShownTool {
  const tool = running?.find({ namespace, name });
  return {
    ...{ namespace, name, registered, usage },
    running: tool,
    broken: registered && running?.broken({ namespace, name }),
    standing: pins.standings.standingOf({ namespace, name }),
    refusal: tool && pins.standings.refusal(tool)?.message,
  };
}
