/** `/api/v1/tools`: what there is to call, for whom, and in which status. */
import { z } from 'zod';
import { resourceName, TOOL_STATUSES, type Principal } from '#contract';
import { listing, route, type Route } from '#http';
import { keyOf, type ToolName } from '../pins/pin.ts';
import { answered, checkOf, versionOf } from './current-tool.ts';
import { authorOf, CHANGE_ERRORS, reason, toolName, where, type ToolRouteParts } from './parts.ts';
import { answerOf, itemOf, toolAnswer, toolItem, type ShownTool } from './shapes.ts';
import { owns, placeOf, visibleTool, visibleTools } from './visible-tools.ts';

export function toolRoutes(parts: ToolRouteParts): readonly Route[] {
  const { registry, pins } = parts;
  return [
    listing({
      operationId: 'listTools',
      path: '/tools',
      summary: 'Tools by namespace and name: those of files and those of publishers',
      description: 'Whoever only calls tools sees those that they may call; drafts and quarantined tools are left out.',
      tag: 'tools',
      permission: 'tool.read',
      where: 'listed',
      query: z.strictObject({
        namespace: resourceName.optional(),
        name: z.string().max(128).optional().describe('Part of the name.'),
        tag: z.string().max(64).optional(),
        status: z.enum([...TOOL_STATUSES, 'broken']).optional(),
        owner: z.string().max(256).optional().describe('`user:…` or `agent:…`, whole.'),
        q: z.string().max(256).optional().describe('Words of name, title or description.'),
      }),
      item: toolItem,
      position: toolName,
      handle: async (call) => {
        const everything = await visibleTools(parts, call.principal, call.namespaces);
        const found = everything.filter(matching(call.query));
        const after = call.after === undefined ? undefined : placeOf(call.after);
        const rest = found.filter((one) => after === undefined || placeOf(one) > after);
        const page = rest.slice(0, call.limit);
        const usage = await parts.usage?.of(page);
        const last = page.at(-1);
        return {
          items: page.map((one) => itemOf({ ...one, usage: usage?.get(keyOf(one)) })),
          next: rest.length > call.limit && last ? { namespace: last.namespace, name: last.name } : undefined,
        };
      },
    }),
    route({
      where,
      params: toolName,
      operationId: 'getTool',
      method: 'GET',
      path: '/tools/{namespace}/{name}',
      summary: 'One tool',
      tag: 'tools',
      permission: 'tool.read',
      errors: ['REGISTERED_TOOL_UNKNOWN'],
      answer: toolAnswer,
      version: versionOf,
      handle: async ({ params, principal }) => {
        const shown = await visibleTool(parts, principal, params);
        return answerOf(shown, shown.running && pins.standings.pinOf(shown.running));
      },
    }),
    route({
      where: { ...where, target: ownTarget(registry) },
      params: toolName,
      operationId: 'changeTool',
      method: 'PATCH',
      path: '/tools/{namespace}/{name}',
      summary: 'Change the status of a registered tool',
      tag: 'tools',
      permission: 'tool.change',
      conditional: true,
      body: z.strictObject({
        status: z.enum(TOOL_STATUSES),
        replacedBy: resourceName.optional().describe('The tool to use instead of a deprecated one.'),
        reason,
      }),
      errors: CHANGE_ERRORS,
      answer: toolAnswer,
      version: versionOf,
      handle: async (call) => {
        await registry.setStatus(authorOf(call), { ...call.params, ...call.body }, checkOf(pins, call));
        return await answered(parts, call.params);
      },
    }),
    route({
      where: { ...where, target: ownTarget(registry) },
      params: toolName,
      operationId: 'deleteTool',
      method: 'DELETE',
      path: '/tools/{namespace}/{name}',
      summary: 'Take a registered tool away, with its history',
      tag: 'tools',
      permission: 'tool.change',
      status: 204,
      conditional: true,
      errors: CHANGE_ERRORS,
      handle: (call) => registry.remove(authorOf(call), call.params, '', checkOf(pins, call)),
    }),
  ];
}

/** Whose it is decides about who may change it. */
const ownTarget =
  (registry: ToolRouteParts['registry']) =>
  async (name: ToolName, principal: Principal): Promise<{ readonly namespace: string; readonly own: boolean }> => ({
    namespace: name.namespace,
    own: owns(principal, await registry.find(name)),
  });

function matching(query: {
  readonly name?: string | undefined;
  readonly tag?: string | undefined;
  readonly status?: string | undefined;
  readonly owner?: string | undefined;
  readonly q?: string | undefined;
}): (shown: ShownTool) => boolean {
  const words = (query.q ?? '')
    .toLowerCase()
    .split(/\s+/)
    .filter((word) => word !== '');
  return (shown) => {
    const item = itemOf(shown);
    const text = `${item.name} ${item.title ?? ''} ${item.description}`.toLowerCase();
    return (
      (query.name === undefined || item.name.toLowerCase().includes(query.name.toLowerCase())) &&
      (query.tag === undefined || item.tags.includes(query.tag)) &&
      (query.status === undefined || item.status === query.status) &&
      (query.owner === undefined || item.owner === query.owner) &&
      words.every((word) => text.includes(word))
    );
  };
}
