/** Instants as the clocks of one time zone show them. */
export interface ZoneClock {
  /** The IANA name, or `UTC`. */
  readonly zone: string;
  /** `2026-06-21`, the calendar date there. */
  dateOf(instant: number): string;
  /** `2026-06-21T05:29+02:00`, to the nearest minute; `…Z` in UTC. */
  write(instant: number): string;
}

/** The clock of an IANA time zone; throws `RangeError` when there is no such zone. */
export function zoneClock(zone: string): ZoneClock {
  const format = new Intl.DateTimeFormat('en-CA', {
    timeZone: zone,
    hourCycle: 'h23',
    year: 'numeric',
    month: '2-digit',
    day: '2-digit',
    hour: '2-digit',
    minute: '2-digit',
    timeZoneName: 'longOffset',
  });
  const resolved = format.resolvedOptions().timeZone;
  const parts = (instant: number) =>
    Object.fromEntries(format.formatToParts(instant).map(({ type, value }) => [type, value]));
  const date = (of: Record<string, string>) => `${of['year']}-${of['month']}-${of['day']}`;
  return {
    zone: resolved,
    dateOf: (instant) => date(parts(instant)),
    write(instant) {
      const shown = parts(Math.round(instant / 60_000) * 60_000);
      const offset = resolved === 'UTC' ? 'Z' : shown['timeZoneName']?.replace('GMT', '') || '+00:00';
      return `${date(shown)}T${shown['hour']}:${shown['minute']}${offset}`;
    },
  };
}
