/**
 * access: wishes for access to a tool, and what becomes of them.
 *
 * Owns the request and its states (`access-request.ts`), asking and deciding with four eyes (`access-requests.ts`),
 * and the policy that an approval makes (`access-policy.ts`), which is a policy like others from then on. Does not
 * own: where policies are kept (`PolicyMaker`), who answers for agents (`ResponsibleAgents`).
 * Table: `access_requests`.
 */
export { endAccessOf } from '../end-access-of.ts';
export { AccessRequests, type PolicyMaker, type ResponsibleAgents } from './access-requests.ts';
export { accessPolicy, type AccessPolicy } from './access-policy.ts';
export type { AccessRequest } from './access-request.ts';
