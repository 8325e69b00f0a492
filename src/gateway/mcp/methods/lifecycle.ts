import { isRecord, type JsonObject } from '#kernel';
import { isLogLevel } from '../client-face.ts';
import type { Exchange, Method } from '../exchange.ts';
import { INVALID_PARAMS, INVALID_REQUEST, RpcError } from '../json-rpc.ts';
import { isSession, LATEST_SESSION_VERSION, SUPPORTED_VERSIONS, TOOLBOX_EXTENSION } from '../revision.ts';
import { FINDING, isFoundIn } from '../progressive.ts';
import type { McpServices } from '../services.ts';

/** How a client learns what this is, in both eras, and the small methods of the session era. */
export function lifecycleMethods(services: McpServices): Record<string, Method> {
  return {
    'server/discover': {
      eras: ['stateless'],
      handle: (exchange) => ({
        supportedVersions: [...SUPPORTED_VERSIONS],
        capabilities: { ...CAPABILITIES, extensions: { [TOOLBOX_EXTENSION]: {} } },
        ...instructions(exchange, services),
        ttlMs: exchange.group.ttlMs,
        cacheScope: exchange.group.cacheScope,
      }),
    },
    initialize: {
      eras: ['session'],
      handle: (exchange) => ({
        protocolVersion: exchange.session?.version ?? LATEST_SESSION_VERSION,
        capabilities: CAPABILITIES,
        serverInfo: services.serverInfo,
        ...instructions(exchange, services),
      }),
    },
    ping: { eras: ['session'], handle: () => ({}) },
    'logging/setLevel': {
      eras: ['session'],
      handle: (exchange) => {
        const { level } = exchange.params;
        if (!isLogLevel(level))
          throw new RpcError(INVALID_PARAMS, '`params.level` must be a log level of RFC 5424, such as `info`');
        if (exchange.session === undefined)
          throw new RpcError(INVALID_REQUEST, 'a log level belongs to a session: send `initialize` first');
        exchange.session.logLevel = level;
        return {};
      },
    },
  };
}

const CAPABILITIES: JsonObject = {
  tools: { listChanged: true },
  prompts: { listChanged: true },
  resources: { subscribe: true, listChanged: true },
  completions: {},
  logging: {},
};

function instructions(exchange: Exchange, services: McpServices): JsonObject {
  const text = exchange.group.description ?? exchange.view.all.description ?? services.instructions;
  // A model that takes the list for everything never looks for the rest.
  const finding = isFoundIn(exchange.group, services.progressiveFrom) ? FINDING : undefined;
  const said = [text, finding].filter((one) => one !== undefined);
  return said.length === 0 ? {} : { instructions: said.join('\n\n') };
}

/** What `initialize` agrees on: the client's version where we speak it, else our newest of its era. */
export function negotiate(params: JsonObject): { version: string; capabilities: JsonObject } {
  const { protocolVersion, capabilities } = params;
  if (typeof protocolVersion !== 'string')
    throw new RpcError(INVALID_PARAMS, '`params.protocolVersion` must be a revision of MCP');
  return {
    version: isSession(protocolVersion) ? protocolVersion : LATEST_SESSION_VERSION,
    capabilities: isRecord(capabilities) ? capabilities : {},
  };
}
