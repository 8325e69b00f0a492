/**
 * Opens streams of server-sent events and holds them, in a process of its own: its descriptors are not those of the
 * runner. Told `open` with questions, it answers once all are open; told `count`, how many events each has got; told
 * `close`, it closes them.
 */
import { request, type ClientRequest } from 'node:http';

export interface StreamsToOpen {
  readonly url: string;
  /** The headers of each stream. */
  readonly streams: readonly Readonly<Record<string, string>>[];
}

export type ToClient = { readonly open: StreamsToOpen } | { readonly count: true } | { readonly close: true };

export interface FromClient {
  /** Streams that are open, and those that could not be opened with why. */
  readonly open: number;
  readonly refused: readonly string[];
  /** Of each, how many times something came, and the longest silence, in milliseconds. */
  readonly arrivals: readonly number[];
  readonly ended: number;
}

interface Stream {
  readonly request: ClientRequest;
  arrivals: number;
}

const AT_ONCE = 50;
const streams: Stream[] = [];
const refused: string[] = [];
let ended = 0;

const say = (): void => {
  const arrivals = streams.map((stream) => stream.arrivals);
  process.send?.({ open: streams.length, refused: refused.slice(0, 5), arrivals, ended } satisfies FromClient);
};

process.on('disconnect', () => process.exit(0));
process.on('message', (message: ToClient) => {
  if ('open' in message) void openAll(message.open).then(say);
  else if ('count' in message) say();
  else {
    for (const { request: sent } of streams) sent.destroy();
    say();
  }
});

async function openAll({ url, streams: wanted }: StreamsToOpen): Promise<void> {
  const waiting = [...wanted];
  const worker = async (): Promise<void> => {
    for (let headers = waiting.pop(); headers !== undefined; headers = waiting.pop()) await openOne(url, headers);
  };
  await Promise.all(Array.from({ length: AT_ONCE }, worker));
}

function openOne(url: string, headers: Readonly<Record<string, string>>): Promise<void> {
  return new Promise((resolve) => {
    const sent = request(url, { agent: false, headers: { accept: 'text/event-stream', ...headers } }, (response) => {
      if (response.statusCode !== 200) refused.push(String(response.statusCode));
      else {
        const stream: Stream = { request: sent, arrivals: 0 };
        streams.push(stream);
        response.on('data', () => stream.arrivals++);
        response.once('close', () => ended++);
      }
      response.on('error', () => undefined);
      resolve();
    });
    sent.on('error', (error) => {
      refused.push(error.message);
      resolve();
    });
    sent.end();
  });
}
