/**
 * egress: the one way out. Every request that Chatelaine makes because a caller or a configuration
 * asked for it goes through here, so that nobody can turn the server against the network it stands in
 * (server-side request forgery, OWASP API7:2023).
 *
 * Owns what an address is (`ip-address.ts`, `address-class.ts`), which ones may be reached
 * (`egress-rules.ts`), the connector that resolves a name once and connects to nothing but what it
 * checked (`guarded-connector.ts`), redirects followed by hand (`redirect.ts`, `egress-client.ts`),
 * pins of their keys (`public-key-pin.ts`), another client where our certificate is another (`current-client.ts`), and requests passed on as they flow
 * (`passing-client.ts`).
 * Does not own what is asked, how an answer is shaped, or in whose words a failure is told (`explain`).
 */
export { parseAddress, parseRange, type IpAddress, type IpRange } from './ip-address.ts';
export { classify, type AddressClass } from './address-class.ts';
export { egressFields, egressRules, egressRulesOf, judgeAddress, judgeUrl, type EgressRules } from './egress-rules.ts';
export type { Resolve } from './guarded-connector.ts';
export { CurrentClient } from './current-client.ts';
export { PassingClient, type PassedAnswer } from './passing-client.ts';
export {
  EgressClient,
  type EgressClientOptions,
  type EgressRequest,
  type EgressResponse,
  type EgressStream,
  type EgressStreamRequest,
  type EgressTls,
} from './egress-client.ts';
