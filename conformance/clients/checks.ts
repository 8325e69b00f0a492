/** What every foreign client is put through, and what each step must show. */
import { isDeepStrictEqual } from 'node:util';
import type { Connection, ForeignClient, Place } from './foreign-client.ts';
import { OF_TOOLSET, TOOLS, TOOLSET, WITH_ARGUMENT, WITHOUT_ARGUMENT, type Question } from './moons.ts';
import type { Wire } from './wire.ts';

/** The steps by the title of their column. */
export const STEPS = ['lists', 'calls', 'argument', 'toolset', 'revision', 'wrong key'] as const;
export type Step = (typeof STEPS)[number];

/** What went wrong, by step; a step that is absent passed. */
export type Faults = ReadonlyMap<Step, string>;

/** Drives one client through every step; a step that fails does not spare the others. */
export async function check(client: ForeignClient, place: Omit<Place, 'toolset'>, wire: Wire): Promise<Faults> {
  const faults = new Map<Step, string>();
  const step = async (name: Step, run: () => Promise<void>): Promise<void> => {
    try {
      await run();
    } catch (error) {
      faults.set(name, error instanceof Error ? error.message : String(error));
    }
  };
  const everything = { ...place, toolset: undefined };
  wire.forget();
  await step('lists', () => connected(client, everything, (connection) => expectTools(connection, TOOLS)));
  await step('calls', () => connected(client, everything, (connection) => expectAnswer(connection, WITHOUT_ARGUMENT)));
  await step('argument', () => connected(client, everything, (connection) => expectAnswer(connection, WITH_ARGUMENT)));
  await step('toolset', () =>
    connected(client, { ...place, toolset: TOOLSET }, async (connection) => {
      await expectTools(connection, [OF_TOOLSET.tool]);
      await expectAnswer(connection, OF_TOOLSET);
    }),
  );
  await step('revision', async () => expectSame([...wire.revisions], [client.revision]));
  wire.forget();
  await step('wrong key', () => expectRefusal(client, { ...everything, key: spoilt(place.key) }, wire));
  return faults;
}

async function connected(
  client: ForeignClient,
  place: Place,
  use: (connection: Connection) => Promise<void>,
): Promise<void> {
  const connection = await client.connect(place);
  try {
    await use(connection);
  } finally {
    await connection.close();
  }
}

async function expectTools(connection: Connection, names: readonly string[]): Promise<void> {
  expectSame([...(await connection.list())].sort(), names);
}

/** Rows come as one text each, or as one text with a list of them: both say the same. */
async function expectAnswer(connection: Connection, { tool, args, answer }: Question): Promise<void> {
  const texts = await connection.call(tool, args);
  const rows = texts.flatMap((text) => JSON.parse(text) as unknown);
  expectSame(rows, answer);
}

/** The client must fail, and because the server said 401 to all it sent, not for want of a connection. */
async function expectRefusal(client: ForeignClient, place: Place, wire: Wire): Promise<void> {
  let listed: readonly string[] | undefined;
  try {
    await connected(client, place, async (connection) => {
      listed = await connection.list();
    });
  } catch {
    return expectSame([...wire.statuses], [401]);
  }
  throw new Error(`a wrong key was let in and saw ${JSON.stringify(listed)}`);
}

/** The key with another end: the right shape and the right id, and not the key. */
const spoilt = (key: string): string => key.slice(0, -6) + (key.endsWith('AAAAAA') ? 'BBBBBB' : 'AAAAAA');

function expectSame(found: unknown, wanted: unknown): void {
  if (!isDeepStrictEqual(found, wanted))
    throw new Error(`found ${JSON.stringify(found)} instead of ${JSON.stringify(wanted)}`);
}
