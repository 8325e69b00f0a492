import type { Measure, Tally } from './tally.ts';

/** The names of draft-ietf-httpapi-ratelimit-headers-10, §2.2.3; rows and cost are ours. */
const UNITS = {
  calls: 'requests',
  bytes: 'content-bytes',
  'at once': 'concurrent-requests',
  rows: 'rows',
  cost: 'cost',
} as const;

/** What is no character of a string of RFC 9651 §3.3.3. */
const UNPRINTABLE = /[^\x20-\x7e]|["\\]/g;

/** `RateLimit-Policy` and `RateLimit` of a call: how much there is, and how much is left. Flat: name, value. */
export function rateLimitFields(tallies: readonly Tally[], now: number): readonly string[] {
  if (tallies.length === 0) return NONE;
  const policies: string[] = [];
  const standings: string[] = [];
  for (const { measure, endsAt, left } of tallies) {
    const { name, policy } = wordsOf(measure);
    policies.push(policy);
    const ends = endsAt === undefined ? '' : `;t=${Math.max(0, Math.ceil((endsAt - now) / 1000))}`;
    standings.push(`${name};r=${Math.floor(left)}${ends}`);
  }
  return ['RateLimit-Policy', policies.join(', '), 'RateLimit', standings.join(', ')];
}

const NONE: readonly string[] = [];

interface Words {
  readonly name: string;
  readonly policy: string;
}

const words = new WeakMap<Measure, Words>();

/** What is the same in every answer, worked out once: measures of a caller and tool are kept (`WantsBook`). */
function wordsOf(measure: Measure): Words {
  const known = words.get(measure);
  if (known !== undefined) return known;
  const name = `"${measure.name.replaceAll(UNPRINTABLE, '_')}"`;
  const unit = measure.unit === 'calls' ? '' : `;qu="${UNITS[measure.unit]}"`;
  const window = measure.everyMs === undefined ? '' : `;w=${Math.max(1, Math.ceil(measure.everyMs / 1000))}`;
  const made = { name, policy: `${name};q=${measure.most}${unit}${window}` };
  words.set(measure, made);
  return made;
}
