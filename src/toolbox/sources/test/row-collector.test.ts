import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { RowCollector } from '../row-collector.ts';

describe('the collector of rows', () => {
  it('keeps the longest beginning that fits both limits, whether or not it is told bounds', () => {
    const rows = fc.array(fc.record({ v: fc.string({ unit: 'binary', maxLength: 20 }) }), { maxLength: 30 });
    fc.assert(
      fc.property(rows, fc.nat(12), fc.nat(400), fc.boolean(), (given, maxRows, maxBytes, bounded) => {
        const collector = new RowCollector({ maxRows, maxBytes });
        for (const row of given) collector.add(row, bounded ? 10 + row.v.length * 6 : undefined);

        const bytes = (count: number): number => Buffer.byteLength(JSON.stringify(given.slice(0, count)));
        let fits = 0;
        while (fits < given.length && fits < maxRows && bytes(fits + 1) <= maxBytes) fits++;
        expect(collector.rows).toEqual(given.slice(0, fits));
        const by = fits === maxRows ? 'maxRows' : 'maxBytes';
        expect(collector.truncated).toEqual(
          fits === given.length ? undefined : { by, limit: by === 'maxRows' ? maxRows : maxBytes },
        );
      }),
    );
  });

  it('takes nothing after a row that was refused unread', () => {
    const collector = new RowCollector({ maxRows: 10, maxBytes: 1000 });
    collector.add({ a: 1 });
    collector.refuse();
    expect(collector.add({ a: 2 })).toBe(false);
    expect(collector.rows).toEqual([{ a: 1 }]);
    expect(collector.truncated).toEqual({ by: 'maxBytes', limit: 1000 });
  });
});
