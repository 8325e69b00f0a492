/**
 * federation: identity providers at the doors of the authorization server.
 *
 * Owns the way to the primary provider from the sign-in page (`leave.ts`, the port of identity), the way back
 * (`callback.ts`), the accounts that people link for owners, and where programs send them to do it (`accounts.ts`),
 * which tokens of providers a token of ours opens (`subject-session.ts`), and the end of those that nobody needs any
 * more (`release.ts`). Does not own: exchanges with providers (`../upstreams`), keeping tokens (`../grants`), people
 * and their sessions (identity), what is consented to (`../provider/interactions.ts`).
 *
 *   GET       /oauth/callback/{upstream}
 *   GET POST  /console/connections          with `../provider/connections.ts`
 *   GET       /console/connections/link     `linkUrl`
 *
 * The tokens of a sign-in are kept for the owner that it leads to, before the person has allowed anything: they are
 * good for nothing until a token session says that they were allowed, and go when none does (ADR 26).
 */
export { Accounts, type Account, type AccountPlace } from './accounts.ts';
export { Callback, CALLBACK, upstreamOfCallback } from './callback.ts';
export { Leave } from './leave.ts';
export { LINK, linkUrl, readLink, type AccountLink } from './link.ts';
export { Release } from './release.ts';
export { subjectSessions } from './subject-session.ts';
