/**
 * Clients that know the URL of a server and nothing else: they find out who issues tokens, register, send a person
 * there, and call. Then a tool comes that takes another scope: the client is refused, asks for more, and is let in.
 */
import { rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { isDeepStrictEqual } from 'node:util';
import type { Person } from '../person.ts';
import type { ServerProcess } from '../server-process.ts';
import type { Connection } from './foreign-client.ts';
import { WITH_ARGUMENT } from './moons.ts';

/** A client that can sign in by itself. */
export interface SigningInClient {
  readonly name: string;
  readonly revision: string;
  connect(place: BarePlace): Promise<Connection>;
}

export interface BarePlace {
  /** The MCP endpoint: all that the client is told. */
  readonly url: string;
  /** An empty folder for whatever the client keeps. */
  readonly home: string;
  readonly person: Person;
}

export const SIGN_IN_STEPS = ['signs in', 'calls', 'steps up'] as const;
export type SignInStep = (typeof SIGN_IN_STEPS)[number];

/** The tool that comes later, and what calling it gives. */
const RENAMING = `kind: tool
name: rename_moon
type: sqlite-sql
source: moons
description: Gives a moon another name.
scopesRequired: [moons.write]
parameters:
  - { name: name, type: string, description: The new name. }
  - { name: moon, type: string, description: The moon. }
statement: UPDATE moons SET name = ? WHERE name = ? RETURNING name
`;

/** Drives one client through every step; what went wrong, by step. */
export async function checkSignIn(
  client: SigningInClient,
  server: ServerProcess,
  place: BarePlace,
): Promise<ReadonlyMap<SignInStep, string>> {
  const faults = new Map<SignInStep, string>();
  const step = async (name: SignInStep, run: () => Promise<void>): Promise<boolean> => {
    try {
      await run();
      return true;
    } catch (error) {
      faults.set(name, error instanceof Error ? error.message : String(error));
      return false;
    }
  };
  const late = join(server.folder, 'renaming.yaml');
  let connection: Connection | undefined;
  try {
    const isIn = await step('signs in', async () => {
      connection = await client.connect(place);
      expectSame(await connection.list(), ['moons_of']);
    });
    if (!isIn || connection === undefined) return faults;
    const connected = connection;
    await step('calls', async () => {
      const rows = await connected.call(WITH_ARGUMENT.tool, WITH_ARGUMENT.args);
      expectSame(
        rows.flatMap((text) => JSON.parse(text) as unknown),
        WITH_ARGUMENT.answer,
      );
    });
    await writeFile(late, RENAMING);
    await toolThere(server, true);
    const before = place.person.asked;
    await step('steps up', async () => {
      const rows = await connected.call('rename_moon', { name: 'Rhea', moon: 'Rhea' });
      expectSame(
        rows.flatMap((text) => JSON.parse(text) as unknown),
        [{ name: 'Rhea' }],
      );
      if (place.person.asked === before) throw new Error('nobody was asked to allow more');
    });
    return faults;
  } finally {
    await connection?.close().catch(() => undefined);
    await rm(late, { force: true });
    await toolThere(server, false);
  }
}

/** Waits for the reload that brings or takes the tool. */
async function toolThere({ url, key }: ServerProcess, there: boolean): Promise<void> {
  const until = Date.now() + 30_000;
  for (;;) {
    const response = await fetch(`${url}/api/toolset`, { headers: { Authorization: `Bearer ${key}` } });
    if ((await response.text()).includes('"rename_moon"') === there) return;
    if (Date.now() > until) throw new Error('the configuration was not read again');
  }
}

function expectSame(found: unknown, wanted: unknown): void {
  if (!isDeepStrictEqual(found, wanted))
    throw new Error(`found ${JSON.stringify(found)} instead of ${JSON.stringify(wanted)}`);
}
