import type { ServerSettings } from '#contract';
import { SESSION_LIFETIMES, type SessionLifetimes } from '#identity';

/** How long sessions and proofs hold, as the configuration says it. */
export const sessionLifetimes = ({
  browser,
  commandLine,
  recentProof,
}: ServerSettings['signIn']): SessionLifetimes => ({
  ...SESSION_LIFETIMES,
  idleMs: browser.idle,
  absoluteMs: browser.lifetime,
  cliIdleMs: commandLine.idle,
  cliAbsoluteMs: commandLine.lifetime,
  proofMs: recentProof,
});
