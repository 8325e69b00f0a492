/**
 * pages: what a person sees of signing in.
 *
 * Owns the server-rendered pages under `/console` that must work before there is a console, without a
 * script: setting up the first administrator, signing in, the second factor and its enrolment, step-up,
 * the account with its sessions, a password by link, and letting a program in. Passkeys are the one thing
 * that needs a script (`assets/passkeys.mjs`). Does not own: any rule (the services of `../sign-in`,
 * `../second-factors`, `../sessions`, `../setup`, `../passwords`), checking Host, and mounting.
 *
 *   GET POST  /console/setup                       first administrator, by the one-time link
 *   GET POST  /console/sign-in                     at the identity provider, or name and password
 *   GET POST  /console/sign-in/second-factor
 *   GET POST  /console/step-up
 *   GET POST  /console/enrol[/app|/passkey]
 *   GET POST  /console/account[/password]          POST …/end-session, end-others, remove-factor, recovery-codes
 *   GET POST  /console/password                    a new password, by the link of an administrator
 *   GET POST  /console/device                      let a program in
 *       POST  /console/device/start, /token        the program's side (RFC 8628)
 *       POST  /console/sign-out
 *   GET       /console/assets/…
 *
 * Every form is bound to a cookie (`../sessions/csrf.ts`) and read through `Visit` alone. A `GET` changes
 * nothing but the challenge of a passkey ceremony. How it is mounted: docs/sign-in.md.
 */
export { signInPages, type SignInPages, type SignInPagesOptions } from './router.ts';
