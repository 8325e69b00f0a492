import { z } from 'zod';
import { duration } from './common.ts';

const MINUTE = 60_000;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;

/** A duration of at least and at most so much; `least` and `most` are how the bounds are written. */
const between = (least: number, most: number, bounds: string) =>
  duration.refine((ms) => ms >= least && ms <= most, { error: `this is not between ${bounds}` });

// Another server learns of a use within a minute or two: with less than five, a session that is in use at
// one server would end at the next. Beyond a day nobody is behind an unused session any more.
const idle = between(5 * MINUTE, DAY, '`5m` and `24h`');
// NIST SP 800-63B-4 §2.1.3 has 30 days as the longest of its weakest level.
const lifetime = between(5 * MINUTE, 30 * DAY, '`5m` and `30d`');

/** `signIn:` of `kind: server`: how long what people prove at sign-in holds. */
export const signInSchema = z.strictObject({
  browser: z
    .strictObject({
      idle: idle.default(30 * MINUTE).describe('How long a session in a browser goes on without a request.'),
      lifetime: lifetime.default(12 * HOUR).describe('How long it goes on at most; then the person signs in anew.'),
    })
    .prefault({})
    .describe('Sessions of the pages.'),
  commandLine: z
    .strictObject({
      idle: idle.default(8 * HOUR).describe('How long a session of `chatelaine login` goes on without a request.'),
      lifetime: lifetime.default(12 * HOUR).describe('How long it goes on at most.'),
    })
    .prefault({})
    .describe('Sessions of the command line.'),
  // Less than a minute is over before the form is sent; a proof of more than an hour ago says nothing of who sits there.
  recentProof: between(MINUTE, HOUR, '`1m` and `1h`')
    .default(10 * MINUTE)
    .describe('How old the proof of a person may be, second factor included, for what is dangerous (step-up).'),
});
