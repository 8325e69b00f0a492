/**
 * contract/kubernetes: the custom resources of the operator (`chatelaine.dev/v1alpha1`), one file a kind, as zod
 * schemas.
 *
 * `custom-resources.ts` lists them; `operator/crds/` makes CustomResourceDefinitions of them. What is the same as in a
 * document of `contract/config/` has its name, form and description here too. Three things differ, because the API
 * server reads the same objects: a value is what was written (no schema transforms), everything that grows has a bound,
 * and what refers to secrets is `{name, key}` of an object in the namespace of the resource.
 *
 * A rule between fields is said once (`rule.ts`): in CEL for the API server, and beside it as the function that zod
 * runs. `structural.ts` is what a schema says to the generator alone.
 */
import '../interpreted-schemas.ts';

export { API_GROUP, API_VERSION, type CustomResource, type PrinterColumn } from './custom-resource.ts';
export { CUSTOM_RESOURCES, type CustomResourceKind } from './custom-resources.ts';
export { transitionFaults, type Rule, type Transition, type TransitionFault } from './rule.ts';
export { structural, type ListFacts, type StructuralFacts } from './structural.ts';
export { CONDITION_STATUSES, type Condition } from './status.ts';
export type { MCPAuthServerSpec, MCPAuthServerStatus } from './mcp-auth-server.ts';
export type { AuthServerUpstream } from './auth-server-upstream.ts';
export type { AuthServerStorage } from './auth-server-storage.ts';
export type { MCPServerSpec, MCPServerStatus } from './mcp-server.ts';
export type { MCPExternalAuthConfigSpec, MCPExternalAuthConfigStatus } from './mcp-external-auth-config.ts';
export type { MCPGroupSpec, MCPGroupStatus } from './mcp-group.ts';
export type { MCPGatewaySpec, MCPGatewayStatus } from './mcp-gateway.ts';
