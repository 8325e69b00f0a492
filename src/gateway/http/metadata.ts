import { ADMINISTRATION_SCOPES, type ResourcePlace } from '#contract';
import type { ResourceServer } from '#resource-server';
import type { ToolboxSnapshot } from '#toolbox';
import { doorOfServer, groupOf } from '../pipeline/visible.ts';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { gatewayError } from '../errors.ts';

/** For so long a client may keep them; what they say changes with the configuration. */
const MAX_AGE_SECONDS = 300;

/**
 * Answers a request for the metadata of a protected resource (RFC 9728 §3.2). They hold nothing that is not
 * public, so a page of any origin may read them; what else it may not is decided at the doors. `document`
 * gives them, or undefined where there is no such door or nobody's tokens open it.
 */
export function answerMetadata(
  request: IncomingMessage,
  response: ServerResponse,
  document: () => string | undefined,
  requestId: string,
): void {
  const common = ['Access-Control-Allow-Origin', '*', 'X-Request-Id', requestId];
  if (request.method === 'OPTIONS') {
    const allowed = [
      'Access-Control-Allow-Methods',
      'GET, HEAD',
      'Access-Control-Allow-Headers',
      'MCP-Protocol-Version',
    ];
    return void response.writeHead(204, [...common, ...allowed, 'Access-Control-Max-Age', '600']).end();
  }
  if (request.method !== 'GET' && request.method !== 'HEAD') {
    throw gatewayError('METHOD_NOT_ALLOWED', 'this path answers to GET', { details: { allow: 'GET, HEAD' } });
  }
  const body = document();
  if (body === undefined) throw gatewayError('DOOR_UNKNOWN', 'nothing answers at this path');
  response
    .writeHead(200, [
      'Content-Type',
      'application/json',
      'Content-Length',
      String(Buffer.byteLength(body)),
      'Cache-Control',
      `public, max-age=${MAX_AGE_SECONDS}`,
      'X-Content-Type-Options',
      'nosniff',
      ...common,
    ])
    .end(body);
}

/** The metadata of a door that is there; the scopes of what can be seen there stand in them. */
export function metadataOf(
  server: ResourceServer,
  { namespaces }: ToolboxSnapshot,
  place: ResourcePlace,
  host: string | undefined,
): string | undefined {
  if (place.kind === 'api') return server.metadataAt(place, ADMINISTRATION_SCOPES, host);
  const view = namespaces.get(place.namespace);
  const group = view && groupOf(view, nameOf(place));
  if (!group) return undefined;
  return server.metadataAt(
    place,
    group.tools.flatMap((tool) => tool.scopesRequired),
    host,
  );
}

function nameOf(place: ResourcePlace): string | undefined {
  if (place.kind === 'server') return doorOfServer(place.server);
  return place.kind === 'mcp' ? place.toolset : undefined;
}
