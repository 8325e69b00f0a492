/** Two thousand connections on which somebody begins a request and goes silent (H1, slowloris). */
import { connect, type Socket } from 'node:net';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { judgeKept, type Around } from './judge.ts';
import { around, ask, keptAlive, SteadyLoad } from './load.ts';
import { startNeighbour, type Neighbour } from './neighbour.ts';
import { asJson, callTool, keyOf, openFolder, serving } from './place.ts';
import { holds, none, type Trial, type Verdict } from './trial.ts';

const CONNECTIONS = { short: 400, long: 2_000 } as const;
const PER_SECOND = 50;
const BEFORE_MS = { short: 5_000, long: 15_000 } as const;
const DROPPED_MS = 10_000;
const PATIENCE_MS = 45_000;
/** What the server is known as where it issues tokens. */
const ISSUER = '127.0.0.1:9';

/** How far a request comes before nothing more of it does. */
const kinds = (host: string, key: string): Readonly<Record<string, string>> => ({
  'nothing at all': '',
  'a part of the head': `POST /mcp HTTP/1.1\r\nHost: ${host}\r\nX-Slow: 1`,
  'a part of the body': `POST /mcp HTTP/1.1\r\nHost: ${host}\r\nAuthorization: Bearer ${key}\r\nContent-Type: application/json\r\nAccept: application/json, text/event-stream\r\nContent-Length: 1000\r\n\r\n{"jsonrpc"`,
  'a part of the body, to the API': `PUT /api/v1/secrets/default/slow HTTP/1.1\r\nHost: ${host}\r\nAuthorization: Bearer ${key}\r\nContent-Type: application/json\r\nContent-Length: 1000\r\n\r\n{"material"`,
  'a part of a form': `POST /oauth/token HTTP/1.1\r\nHost: ${ISSUER}\r\nContent-Type: application/x-www-form-urlencoded\r\nContent-Length: 1000\r\n\r\ngrant_type=`,
});

export const slowloris: Trial = {
  name: 'slow-connections',
  async run({ short }) {
    const folder = openFolder('slow');
    try {
      const place = { config: folder.configure({ publicUrl: `http://${ISSUER}` }), dataDir: join(folder.path, 'data') };
      const key = await keyOf(place);
      const admin = await keyOf(place, 'admin');
      return await serving(place, async ({ url }) => {
        const size = short ? 'short' : 'long';
        // What the first request at each door loads holds up everybody, whoever sends it.
        await ask(new URL('/api/v1/agents', url), asJson(admin));
        await ask(new URL('/oauth/token', url), { method: 'POST', headers: { host: ISSUER } });
        const agent = keptAlive();
        const neighbour = await startNeighbour();
        const load = new SteadyLoad(PER_SECOND, () => callTool(url, key, 'city', { id: 1 }, agent));
        await pause(2_000);
        const since = performance.now();
        await pause(BEFORE_MS[size]);
        const { host } = new URL(url);
        const begun = performance.now();
        const held = Object.entries(kinds(host, admin)).map(
          async ([kind, text]) => [kind, await silences(url, text, CONNECTIONS[size] / 5)] as const,
        );
        const silent = await Promise.all(held);
        const ended = performance.now();
        await Promise.all([load.stop(), neighbour.stop()]);
        agent.destroy();
        const seen = ({ samples }: Pick<Neighbour, 'samples'>): Around => around(samples, since, begun, ended);
        return [
          ...silent.flatMap(([kind, times]) => judgeDropped(kind, times)),
          ...judgeKept('calls of others', seen(load), { factor: 2, leastMs: 50 }, seen(neighbour)),
        ];
      });
    } finally {
      folder.remove();
    }
  },
};

function judgeDropped(kind: string, times: readonly number[]): readonly Verdict[] {
  const late = times.filter((ms) => ms > DROPPED_MS).map((ms) => `after ${Math.round(ms)} ms`);
  return [
    holds(`who sends ${kind} comes in`, times.length > 0, `${times.length}`),
    { ...none(`who sends ${kind}, dropped later than ${DROPPED_MS} ms after the last byte`, late), timed: true },
  ];
}

/** How long each lived from its last byte on, in milliseconds; those that outlive our patience with that. */
async function silences(url: string, text: string, count: number): Promise<readonly number[]> {
  const { hostname, port } = new URL(url);
  return await Promise.all(Array.from({ length: count }, () => silence(Number(port), hostname, text)));
}

function silence(port: number, host: string, text: string): Promise<number> {
  return new Promise((resolve) => {
    let since = performance.now();
    const socket: Socket = connect(port, host, () => {
      since = performance.now();
      if (text !== '') socket.write(text);
    });
    const end = (): void => {
      clearTimeout(timer);
      socket.destroy();
      resolve(performance.now() - since);
    };
    const timer = setTimeout(end, PATIENCE_MS);
    socket.resume();
    socket.once('error', end);
    socket.once('close', end);
    // The server says goodbye: what we would still say does not matter.
    socket.once('end', end);
  });
}
