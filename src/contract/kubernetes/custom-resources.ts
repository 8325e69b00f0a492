import type { CustomResource } from './custom-resource.ts';
import { mcpAuthServer } from './mcp-auth-server.ts';
import { mcpExternalAuthConfig } from './mcp-external-auth-config.ts';
import { mcpGateway } from './mcp-gateway.ts';
import { mcpGroup } from './mcp-group.ts';
import { mcpServer } from './mcp-server.ts';

/** Every kind of `chatelaine.dev/v1alpha1`, in the order in which the reference has them. */
export const CUSTOM_RESOURCES = {
  MCPAuthServer: mcpAuthServer,
  MCPServer: mcpServer,
  MCPExternalAuthConfig: mcpExternalAuthConfig,
  MCPGroup: mcpGroup,
  MCPGateway: mcpGateway,
} as const satisfies Record<string, CustomResource>;

export type CustomResourceKind = keyof typeof CUSTOM_RESOURCES;
