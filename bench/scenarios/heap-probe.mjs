// Loaded into a server by `NODE_OPTIONS=--import`: adds up by how many bytes the old generation has grown at any
// collection, and writes the sum to the file that HEAP_RECORD names. The product knows nothing of it.
import { writeFileSync } from 'node:fs';
import { PerformanceObserver } from 'node:perf_hooks';
import { getHeapSpaceStatistics } from 'node:v8';

const OLD = new Set(['old_space', 'large_object_space']);
const old = () =>
  getHeapSpaceStatistics().reduce((sum, space) => sum + (OLD.has(space.space_name) ? space.space_used_size : 0), 0);

let grown = 0;
let before = old();
new PerformanceObserver(() => {
  const now = old();
  grown += Math.max(0, now - before);
  before = now;
  writeFileSync(process.env.HEAP_RECORD, String(grown));
}).observe({ entryTypes: ['gc'] });
