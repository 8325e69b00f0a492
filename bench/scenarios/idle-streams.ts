/** Streams that clients hold open and on which nothing happens: resident memory of each, without garbage. */
import { bareCost, holdingStreams, MOST_KIB, TIMES_BARE, WARM } from '../../test/idle-streams/weigh.ts';
import { atLeast, atMost, short } from '../report/gate.ts';
import type { Findings, Scenario } from './scenario.ts';

export const idleStreams: Scenario = {
  name: 'idle-streams',
  async run({ streams }): Promise<Findings> {
    const bare = await bareCost(streams);
    const { kib, open } = await holdingStreams(streams, ({ kib: each, opened }) =>
      Promise.resolve({ kib: each, open: opened.open - WARM }),
    );
    return {
      tables: [
        {
          title: 'streams on which nothing happens, KiB of resident memory each',
          header: ['streams', 'KiB', 'bare node:http, KiB', 'of it'],
          rows: [[String(open), short(kib), short(bare), short(kib / bare)]],
        },
      ],
      gates: [
        atLeast('idle streams: open', open, streams),
        atMost('idle streams: KiB each', kib, MOST_KIB),
        atMost('idle streams: memory, against bare node:http', kib / bare, TIMES_BARE),
      ],
    };
  },
};
