import { formatSize } from '#kernel';
import type { Check } from '../check.ts';

const LITTLE = 0.1;
const ALMOST_NONE = 0.02;

/** A full disk refuses everything that must be recorded. */
export const disk: Check = {
  id: 'disk',
  looksAt: 'free space where the data directory lies',
  run({ disk, dataDirectory }) {
    const { free, total } = disk.space(dataDirectory);
    const share = total === 0 ? 1 : free / total;
    if (share >= LITTLE) return [];
    return [
      {
        severity: share < ALMOST_NONE ? 'error' : 'warning',
        what: `${formatSize(free)} are free where \`${dataDirectory}\` lies, ${Math.floor(share * 100)} % of it`,
        remedy: 'Make room. When it is full, what must be on record is refused.',
      },
    ];
  },
};
