/**
 * registry/limits: how much callers may do, and how much they did.
 *
 * Owns what a limit is (`rule.ts`; `@limit` of a permit, `kind: limit`, the API), whose count a call is on
 * (`subjects.ts`), counting (`meter.ts`, `tally.ts` in this process; `counters/` where several processes count
 * together), letting calls in (`call-limits.ts`) and what callers are told (`rate-limit-fields.ts`:
 * draft-ietf-httpapi-ratelimit-headers). Does not own: where in a call that happens (gateway).
 *
 *   calls, cost     permits in blocks: exact, whoever asks and however many at once
 *   rows, bytes     charged when the answer is known: the call that comes to the limit ends, the next does not begin
 *   at once         places with a lease: that of a process that died is free after 15 s
 *
 * Loaded by the first call.
 */
export { openLimits, type Limits, type LimitsOptions } from './open-limits.ts';
export { limitRoutes } from './routes.ts';
