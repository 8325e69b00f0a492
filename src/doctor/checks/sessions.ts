import { formatDuration } from '#kernel';
import type { Check, Weakness } from '../check.ts';

// NIST SP 800-63B-4 §2.2.3 (AAL2): a day in all, an hour without use.
const LONGEST_MS = 24 * 3_600_000;
const LONGEST_IDLE_MS = 3_600_000;
const OLDEST_PROOF_MS = 15 * 60_000;

/** A session that goes on is one that somebody else can find open. */
export const sessions: Check = {
  id: 'sessions',
  looksAt: 'lifetimes of sessions and proofs of people',
  run({ settings: { signIn } }) {
    const { browser, commandLine, recentProof } = signIn;
    const long: [boolean, string, number][] = [
      [browser.idle > LONGEST_IDLE_MS, 'signIn.browser.idle', browser.idle],
      [browser.lifetime > LONGEST_MS, 'signIn.browser.lifetime', browser.lifetime],
      [commandLine.lifetime > LONGEST_MS, 'signIn.commandLine.lifetime', commandLine.lifetime],
      [recentProof > OLDEST_PROOF_MS, 'signIn.recentProof', recentProof],
    ];
    return long
      .filter(([isLong]) => isLong)
      .map(([, field, ms]): Weakness => ({
        severity: 'warning',
        what: `\`${field}\` is ${formatDuration(ms)}: whoever finds a session open has it for so long`,
        remedy: 'Shorten it, or leave it out (docs/sign-in.md).',
      }));
  },
};
