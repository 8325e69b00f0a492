/** Bodies that are too large, too deep, or larger than they look (H3). */
import { request as httpRequest } from 'node:http';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { residentBytes } from '../process-costs.ts';
import { quantile } from './judge.ts';
import { ask } from './load.ts';
import { collectable, residentWithoutGarbage } from './inside.ts';
import { keyOf, openFolder, serving } from './place.ts';
import { holds, none, timely, type Trial, type Verdict } from './trial.ts';

const MEBIBYTE = 1024 * 1024;
/** Uploads at once, each so large. */
const UPLOADS = 8;
const UPLOAD_BYTES = 32 * MEBIBYTE;
/** Of the system's buffers and the parser's, not of what is uploaded: an eighth of it. */
const MOST_GROWTH = 32 * MEBIBYTE;
const DEPTH = 100_000;
const DEEP_MS = 50;
const TIMES = 15;
const BOMB_BYTES = 256 * MEBIBYTE;

interface Door {
  readonly name: string;
  readonly path: string;
  readonly headers: Readonly<Record<string, string>>;
}

const doors = (key: string, admin: string): readonly Door[] => [
  {
    name: 'MCP',
    path: '/mcp',
    headers: {
      authorization: `Bearer ${key}`,
      accept: 'application/json, text/event-stream',
      'content-type': 'application/json',
    },
  },
  {
    name: 'REST',
    path: '/api/tool/city/invoke',
    headers: { authorization: `Bearer ${key}`, 'content-type': 'application/json' },
  },
  {
    name: 'the API',
    path: '/api/v1/agents/default/deep/keys',
    headers: { authorization: `Bearer ${admin}`, 'content-type': 'application/json' },
  },
  {
    name: 'the token endpoint',
    path: '/oauth/token',
    headers: { 'content-type': 'application/x-www-form-urlencoded', host: '127.0.0.1:9' },
  },
];

export const hostileBodies: Trial = {
  name: 'hostile-bodies',
  async run() {
    const folder = openFolder('bodies');
    try {
      const place = {
        config: folder.configure({ publicUrl: 'http://127.0.0.1:9' }),
        dataDir: join(folder.path, 'data'),
        env: collectable,
      };
      const key = await keyOf(place);
      const admin = await keyOf(place, 'admin');
      return await serving(place, async ({ url, pid }) => {
        const all = doors(key, admin);
        // What the first request at each loads is not what a body takes.
        for (const { path, headers } of all) await ask(new URL(path, url), { headers, body: '{}' });
        const verdicts: Verdict[] = [];
        for (const door of all) verdicts.push(...(await uploads(url, pid, door)), ...(await bomb(url, pid, door)));
        for (const door of all.slice(0, 3)) verdicts.push(await deep(url, door));
        const { status } = await ask(new URL('/healthz', url));
        return [...verdicts, holds('it lives', status === 200, String(status))];
      });
    } finally {
      folder.remove();
    }
  },
};

/** Of no declared length, so that only what arrives tells. */
async function uploads(url: string, pid: number, { name, path, headers }: Door): Promise<readonly Verdict[]> {
  const before = await residentWithoutGarbage(pid);
  let highest = before;
  const looking = setInterval(() => (highest = Math.max(highest, residentBytes(pid).own)), 10);
  const sent = await Promise.all(Array.from({ length: UPLOADS }, () => upload(new URL(path, url), headers)));
  clearInterval(looking);
  const declared = await ask(new URL(path, url), { headers, body: Buffer.alloc(MEBIBYTE + 1, ' ') });
  // Who goes on sending after the answer may lose it with the connection, which is not read to its end.
  const wrong = sent.filter((status) => status !== 413 && status !== 0).map(String);
  return [
    none(
      `${name}: uploads of ${UPLOAD_BYTES / MEBIBYTE} MiB that are neither answered with 413 nor cut, of ${UPLOADS}`,
      wrong,
    ),
    holds(
      `${name}: a body of one byte more than 1 MiB is answered with 413`,
      declared.status === 413,
      String(declared.status),
    ),
    grown(`${name}: meanwhile at most`, highest - before),
  ];
}

/** Says more until there is an answer; gives its status, or 0 where the connection broke before. */
function upload(url: URL, headers: Readonly<Record<string, string>>): Promise<number> {
  return new Promise((resolve) => {
    const sent = httpRequest(url, { agent: false, method: 'POST', headers }, (response) => {
      response.resume();
      resolve(response.statusCode ?? 0);
      sent.destroy();
    });
    sent.on('error', () => resolve(0));
    const piece = Buffer.alloc(64 * 1024, ' ');
    let left = UPLOAD_BYTES;
    const more = (): void => {
      while (left > 0 && !sent.destroyed) {
        left -= piece.length;
        if (!sent.write(piece)) return void sent.once('drain', more);
      }
      if (!sent.destroyed) sent.end();
    };
    more();
  });
}

const packed = gzipSync(Buffer.alloc(BOMB_BYTES, ' '), { level: 9 });

async function bomb(url: string, pid: number, { name, path, headers }: Door): Promise<readonly Verdict[]> {
  const before = await residentWithoutGarbage(pid);
  const { status } = await ask(new URL(path, url), {
    headers: { ...headers, 'content-encoding': 'gzip' },
    body: packed,
  });
  const refused = status >= 400 && status < 500;
  return [
    holds(
      `${name}: ${packed.length >> 10} KiB that unpack to ${BOMB_BYTES / MEBIBYTE} MiB are refused`,
      refused,
      String(status),
    ),
    grown(`${name}: by them at most`, residentBytes(pid).own - before),
  ];
}

const grown = (what: string, bytes: number): Verdict =>
  holds(`${what} ${MOST_GROWTH / MEBIBYTE} MiB more`, bytes <= MOST_GROWTH, `${(bytes / MEBIBYTE).toFixed(1)} MiB`);

/** The median of some: one of them may meet a pause of the machine. */
async function deep(url: string, { name, path, headers }: Door): Promise<Verdict> {
  const body = '['.repeat(DEPTH) + ']'.repeat(DEPTH);
  const times: number[] = [];
  const statuses = new Set<number>();
  for (let time = 0; time < TIMES; time++) {
    const since = performance.now();
    const { status } = await ask(new URL(path, url), { headers, body });
    times.push(performance.now() - since);
    statuses.add(status);
  }
  const median = quantile(times, 0.5);
  const refused = [...statuses].every((status) => status >= 400 && status < 500);
  return timely(
    `${name}: JSON that is ${DEPTH} deep is refused within ${DEEP_MS} ms, the median of ${TIMES}`,
    refused && median <= DEEP_MS,
    `${[...statuses].join(', ')}, ${median.toFixed(1)} ms`,
  );
}
