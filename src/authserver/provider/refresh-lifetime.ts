import { COMMAND_LINE_CLIENT_ID } from '#contract';
import type { SessionLifetimes } from '#identity';
import type { Lifetimes } from './settings.ts';

/** How long a client may stay away, in seconds. */
export type IdleSeconds = (clientId: string | undefined) => number;

/** Whoever set how long a command line stays signed in meant it, whatever it is signed in with. */
export const idleSeconds =
  (lifetimes: Lifetimes, { cliIdleMs }: SessionLifetimes): IdleSeconds =>
  (clientId) =>
    clientId === COMMAND_LINE_CLIENT_ID ? Math.round(cliIdleMs / 1000) : lifetimes.refreshToken;

/** How long a refresh token counts, in seconds. `iiat`: when the first of its family was issued; this is it without. */
export function refreshLifetime(
  token: { readonly clientId: string | undefined; readonly iiat: number | undefined; readonly now: number },
  idle: IdleSeconds,
  { cliAbsoluteMs }: SessionLifetimes,
): number {
  const { clientId } = token;
  if (clientId !== COMMAND_LINE_CLIENT_ID) return idle(clientId);
  const now = Math.floor(token.now / 1000);
  const left = (token.iiat ?? now) + Math.round(cliAbsoluteMs / 1000) - now;
  return Math.max(1, Math.min(idle(clientId), left));
}
