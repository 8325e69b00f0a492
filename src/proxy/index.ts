/**
 * proxy: one MCP server behind the gateway's whole pipeline, wherever that server stands.
 *
 * Owns what the options of `chatelaine proxy` mean, as documents of the configuration language (`proxy-documents.ts`)
 * and the policy that a proxy without a configuration begins with (`starter-policy.ts`); pure, no file is read here.
 * Does not own: anything that happens to a request. A proxy is a server that issues no tokens, has no pages and no API,
 * and one federated server whose names stand unprefixed at `/mcp`: the gateway, the resource server and the exchange do
 * there what they do everywhere, so there is no second set of checks that could differ from the first (ADR 56).
 */
export { proxyDocuments, type ProxyWish } from './proxy-documents.ts';
export { starterPolicy } from './starter-policy.ts';
