/**
 * What was asked of a server and what it acknowledged. The journal lives in a process that is not
 * killed, so it needs no disk.
 *
 * A request that was sent and not answered may have happened or not, and either is right; it must not
 * have happened by half.
 */
export type Act =
  | { readonly kind: 'note'; readonly text: string }
  | { readonly kind: 'create-key'; readonly agent: string; readonly label: string }
  | { readonly kind: 'revoke-key'; readonly id: string }
  | { readonly kind: 'disable-agent'; readonly agent: string }
  | { readonly kind: 'put-secret'; readonly name: string; readonly value: string }
  | { readonly kind: 'disable-secret'; readonly name: string };

export interface Entry {
  readonly act: Act;
  /** W3C trace id, by which its record is found. */
  readonly traceId: string;
  /** The body of the acknowledgement; undefined when there was none. */
  acknowledged: unknown;
}

export interface KnownKey {
  readonly id: string;
  readonly key: string;
  readonly agent: string;
}

export class Journal {
  readonly entries: Entry[] = [];
  readonly keys: KnownKey[] = [];

  begin(act: Act, traceId: string): Entry {
    const entry: Entry = { act, traceId, acknowledged: undefined };
    this.entries.push(entry);
    return entry;
  }

  acknowledged(): readonly Entry[] {
    return this.entries.filter((entry) => entry.acknowledged !== undefined);
  }

  /** Whether something was asked for, and whether it was acknowledged. */
  fate(wanted: (act: Act) => boolean): 'acknowledged' | 'open' | 'never asked' {
    const asked = this.entries.filter(({ act }) => wanted(act));
    if (asked.some((entry) => entry.acknowledged !== undefined)) return 'acknowledged';
    return asked.length > 0 ? 'open' : 'never asked';
  }
}
