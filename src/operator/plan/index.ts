/**
 * operator/plan: from a custom resource and what it refers to, to every object that it stands for. Pure: nothing is read,
 * asked or timed, and the same input is the same objects, byte for byte.
 *
 * A plan is all of it or every reason why not (`plan.ts`); nothing is half planned. `auth-server/` is MCPAuthServer,
 * `owner/` MCPServer and MCPGateway: both are the same proxy, a process with one door (ADR 56). An MCPGroup has no
 * children. `parts/` is what objects are made of, an idea a file; `pod-template/` the wishes of a resource over a pod, and
 * whether what comes of them is "restricted" (Pod Security Standards).
 *
 * What holds of every plan:
 * - Whatever a field of the resource holds is data. Documents are JSON, and `${` in a value refers to nothing
 *   (`configuration-text.ts`); so does `$(` in commands and variables (`server-pod.ts`).
 * - No secret is in it. Secrets are named, mounted as files and named again as paths (`mounts.ts`).
 * - `chatelaine.dev/config-hash` is over `kind: server` and the arguments, which a process reads once. Every other
 *   document, certificates and bundles are followed while it runs.
 *
 * Does not own: which objects there are, what is read and applied (controllers), and certificates.
 */
export type { ConfigMapKey, OperatorFacts, Plan, PlanFault, Planned, PlanResult } from './plan.ts';
export { planAuthServer, type AuthServerInput } from './auth-server/plan-auth-server.ts';
export type { AuthServerCertificates } from './auth-server/server-document.ts';
export { ownerSpiffeId, type OwnerFacts } from './auth-server/owner-map.ts';
export { planMCPServer, type MCPServerInput } from './owner/plan-mcp-server.ts';
export { planMCPGateway, type MCPGatewayInput, type Member } from './owner/plan-mcp-gateway.ts';
export type { AuthServerFacts, ExternalAuth, OwnerCertificates, ReferredText } from './owner/facts.ts';
export { HOST_KEYS, hostKeysName, hostKeysSecret, type HostKeys } from './parts/host-keys.ts';
export { Family, GROUP_LABEL, selectorOf, type Component, type OwningKind } from './parts/metadata.ts';
export { childName, CONFIG_HASH } from './parts/names.ts';
export { SCRAPES } from './parts/network.ts';
export { podSecurityFaults } from './pod-template/pod-security.ts';
export { keptFaults, type KeptNames } from './pod-template/kept.ts';
