/**
 * The fixture that passes the suite directly, behind a gateway: it must pass there as well, at the door of the one
 * server, whichever eras that server speaks. What the protocol itself does not allow stands in the table of
 * differences, with its reason.
 */
import { join } from 'node:path';
import { remote, startGateway } from './gateway.ts';
import type { Difference, Expected } from './judge.ts';
import { refusedBy, type Era } from './one-era.ts';
import { startServer } from './server-process.ts';
import { openShim, type Shim } from './shim.ts';
import { runSuite } from './suite.ts';
import type { Tally } from './tally.ts';

/** What the server behind lets its clients speak, by the name of the server. */
const ERAS: Readonly<Record<string, Era | undefined>> = {
  either: undefined,
  stateless: 'stateless',
  session: 'session',
};

/** By revision of the client and eras of the server. */
type Differences = Readonly<Record<string, Readonly<Record<string, Readonly<Record<string, Difference>>>>>>;

export async function runBehind(
  revisions: Readonly<Record<string, Expected>>,
  differences: Differences,
  tally: Tally,
  results: string,
): Promise<void> {
  const shims: Shim[] = [];
  const shim = async (): Promise<Shim> => {
    const opened = await openShim();
    shims.push(opened);
    return opened;
  };
  try {
    const front = await shim();
    const backs = new Map<string, Shim>();
    for (const name of Object.keys(ERAS)) backs.set(name, await shim());
    const hosts = Array.from(backs.values(), ({ host }) => host);
    const server = await startServer(join(import.meta.dirname, 'fixture'), { allowedHosts: hosts });
    try {
      for (const [name, back] of backs) {
        const era = ERAS[name];
        back.forwardTo({
          ...{ origin: server.url, key: server.key },
          ...(era !== undefined && { refuses: (request) => refusedBy(era, request) }),
        });
      }
      const behind = Object.fromEntries(
        Array.from(backs, ([name, { host }]) => [name, remote(name, `http://${host}/mcp`)]),
      );
      const gateway = await startGateway(behind, { allowedHosts: [front.host] });
      try {
        front.forwardTo({ origin: gateway.url, key: gateway.key });
        for (const [revision, expected] of Object.entries(revisions)) {
          for (const name of backs.keys()) {
            const started = performance.now();
            const url = `http://${front.host}/mcp/s/default/${name}`;
            const run = await runSuite(url, revision, join(results, 'behind', `${revision}-${name}`));
            const here = { ...expected, differences: differences[revision]?.[name] ?? {} };
            tally.report(`MCP ${revision} before a server of era \`${name}\``, run, here, started);
          }
        }
      } finally {
        await gateway.stop();
      }
    } finally {
      await server.stop();
    }
  } finally {
    for (const one of shims) await one.close();
  }
}
