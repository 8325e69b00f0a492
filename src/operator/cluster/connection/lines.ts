/** A stream of bytes as lines, each of them of a length that an object can have. */
import { clusterError } from '../errors.ts';

/** etcd takes a megabyte and a half; JSON of it may be some times as long. */
const LONGEST_LINE = 32 * 1024 * 1024;

export async function* linesOf(stream: AsyncIterable<Buffer>): AsyncGenerator<string> {
  let parts: Buffer[] = [];
  let size = 0;
  for await (const chunk of stream) {
    let from = 0;
    for (let at = chunk.indexOf(10); at >= 0; at = chunk.indexOf(10, from)) {
      parts.push(chunk.subarray(from, at));
      const line = Buffer.concat(parts).toString();
      [parts, size, from] = [[], 0, at + 1];
      if (line.trim() !== '') yield line;
    }
    const rest = chunk.subarray(from);
    parts.push(rest);
    size += rest.length;
    if (size > LONGEST_LINE)
      throw clusterError('CLUSTER_UNREADABLE', `a line of a watch is longer than ${LONGEST_LINE} bytes`);
  }
}
