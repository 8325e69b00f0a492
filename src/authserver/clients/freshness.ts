/** How long an answer may be used without asking again (RFC 9111); pure. */

export interface FreshnessLimits {
  /** A document that is not to be kept is kept so long all the same: one sign-in asks for it several times. */
  readonly floorMs: number;
  /** Nothing is used for longer, whatever its headers say. */
  readonly ceilingMs: number;
  /** Where they say nothing. */
  readonly usualMs: number;
}

/** Milliseconds from now on for which the answer is fresh. Its headers have lower-case names. */
export function freshFor(
  headers: Readonly<Record<string, string>>,
  now: number,
  { floorMs, ceilingMs, usualMs }: FreshnessLimits,
): number {
  return Math.min(Math.max(lifetime(headers, now) ?? usualMs, floorMs), ceilingMs);
}

function lifetime(headers: Readonly<Record<string, string>>, now: number): number | undefined {
  const directives = parseDirectives(headers['cache-control'] ?? '');
  // RFC 9111 §5.2.2.4 and §5.2.2.5: ask each time.
  if (directives.has('no-store') || directives.has('no-cache')) return 0;
  const maxAge = directives.get('max-age');
  // §4.2.1: an age that cannot be read, or that is said twice with two meanings, is none.
  if (maxAge !== undefined) return /^\d+$/.test(maxAge) ? Number(maxAge) * 1000 - ageOf(headers) : 0;
  const expires = headers['expires'];
  if (expires === undefined) return undefined;
  const until = Date.parse(expires);
  const since = Date.parse(headers['date'] ?? '');
  // §5.3: what is no date has expired. The difference to `Date` holds where the clock there is another one.
  if (Number.isNaN(until)) return 0;
  return until - (Number.isNaN(since) ? now : since) - ageOf(headers);
}

const ageOf = (headers: Readonly<Record<string, string>>): number => {
  const age = headers['age'] ?? '';
  return /^\d{1,9}$/.test(age) ? Number(age) * 1000 : 0;
};

function parseDirectives(text: string): ReadonlyMap<string, string> {
  const found = new Map<string, string>();
  for (const part of text.split(',')) {
    const [name = '', value = ''] = part.split('=', 2).map((word) => word.trim().replaceAll('"', ''));
    const key = name.toLowerCase();
    if (key === '') continue;
    const before = found.get(key);
    found.set(key, before === undefined || before === value ? value : 'conflicting');
  }
  return found;
}
