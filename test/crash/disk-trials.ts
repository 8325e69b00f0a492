/**
 * A disk that is full and one that is read-only. What must be on record is refused with a clear error,
 * calls of tools that only read as well: a call that nothing records is what the record is there to
 * prevent. Lists and questions go on. The process lives and says that it is not ready, nothing
 * acknowledged is lost, and it goes on when the disk is well again.
 */
import { mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { readAudit } from './audit-report.ts';
import { failingDisks, type FailingDisk } from './disks.ts';
import { invoke, makeKey, notesConfiguration, writeNote } from './notes.ts';
import { commandWith, startServer, type Place, type Server } from './server.ts';
import { holds, none, skipped, type Trial, type Verdict } from './trial.ts';

const RECOVERY_MS = 10_000;
const CALLS = 200;

export const diskTrials: readonly Trial[] = failingDisks.map((disk) => ({
  name: disk.name,
  async run() {
    const folder = mkdtempSync(join(tmpdir(), 'chatelaine-disk-'));
    const dataDir = join(folder, 'data');
    mkdirSync(dataDir, { mode: 0o700 });
    try {
      const refused = disk.mount(dataDir);
      if (refused !== undefined) return [skipped(disk.name, `it cannot be made here: ${refused}`)];
      return await hold(disk, { config: notesConfiguration(folder), dataDir });
    } finally {
      disk.remove(dataDir);
      rmSync(folder, { recursive: true, force: true });
    }
  },
}));

async function hold(disk: FailingDisk, place: Place): Promise<readonly Verdict[]> {
  const key = await makeKey(place);
  const admin = await makeKey(place, 'admin');
  const newcomer = await makeKey(place);
  let server = await startServer(place);
  let acknowledged = 0;
  const counted = (status: number): number => {
    if (status === 200) acknowledged++;
    return status;
  };
  const write = async (): Promise<number> => counted(await writeNote(server.url, key, 'a note'));
  const read = async (): Promise<number> => counted(await invoke(server.url, key, 'count_notes', {}));
  for (let before = 0; before < CALLS; before++) await write();
  const lists = (): Promise<Answers> => readingAnswers(server, place, { key, admin });
  const before = await lists();

  // A page that is begun has room for a few more records: each is taken, until it has not.
  disk.strike(place.dataDir);
  await until(write, (status) => status !== 200);
  const during = [...(await Promise.all(Array.from({ length: CALLS }, write))), await write()];
  const readsDuring = await until(read, (status) => status !== 200);
  const arrives = await statusOf(server, newcomer, '/api/toolset');
  const made = await statusOf(server, admin, '/api/v1/agents/default/late/keys', {});
  const ready = await until(
    async () => {
      await write();
      return await statusOf(server, admin, '/readyz');
    },
    (status) => status === 503,
  );
  const alive = await statusOf(server, admin, '/healthz');
  const meanwhile = await lists();

  const exits: (number | null)[] = [];
  if (!disk.healsInUse) exits.push(await server.stop());
  disk.heal(place.dataDir);
  const healed = performance.now();
  if (!disk.healsInUse) server = await startServer(place);
  const again = await until(write, (status) => status === 200);
  const recoveredMs = Math.round(performance.now() - healed);
  const readsAfter = await read();
  exits.push(await server.stop());
  const audit = await readAudit(place.dataDir);
  const recorded = audit.records.filter(({ type, outcome }) => type === 'tool.call' && outcome === 'success').length;
  return [
    holds('calls of a tool that writes are refused with 503', during.at(-1) === 503, seen(during)),
    holds('calls of a tool that reads are refused with 503 as well', readsDuring === 503, String(readsDuring)),
    holds('keys are refused with 503', made === 503, String(made)),
    holds('the process lives and is not ready', ready === 503 && alive === 200, `${ready}, ${alive}`),
    holds('who has not come in lately is refused with 503', arrives === 503, String(arrives)),
    ...meanwhile.map(([what, answer], at) => {
      const same = before[at]?.[1] === 'yes' && answer === 'yes';
      return holds(`meanwhile ${what}`, same, same ? 'yes' : `before ${before[at]?.[1]}, then ${answer}`);
    }),
    holds(
      disk.healsInUse ? 'it goes on without a restart' : 'it goes on after a restart',
      again === 200 && recoveredMs < RECOVERY_MS,
      `after ${recoveredMs} ms`,
    ),
    holds('calls of a tool that reads are answered afterwards', readsAfter === 200, String(readsAfter)),
    none(`acknowledged without a record, of ${acknowledged}`, Math.max(0, acknowledged - recorded)),
    holds('the chain verifies', audit.ok, audit.findings[0] ?? 'yes'),
    holds(
      'it ends with 0',
      exits.every((exit) => exit === 0),
      exits.join(', '),
    ),
  ];
}

const seen = (statuses: readonly number[]): string => [...new Set(statuses)].join(', ');

type Answers = readonly (readonly [what: string, answer: string])[];

/** What is not on record and must go on, each with `yes` or what came instead. */
async function readingAnswers(
  server: Server,
  place: Place,
  { key, admin }: { readonly key: string; readonly admin: string },
): Promise<Answers> {
  const list = (path: string, by: string, body?: object): Promise<string> => answerOf(server, path, by, body);
  return [
    ['MCP lists tools', await list('/mcp', key, { jsonrpc: '2.0', id: 1, method: 'tools/list', params: {} })],
    ['REST lists tools', await list('/api/toolset', key)],
    ...(await Promise.all(
      ['agents', 'keys', 'secrets', 'audit/records?type=tool.call'].map(
        async (what) => [`/api/v1/${what} is listed`, await list(`/api/v1/${what}`, admin)] as const,
      ),
    )),
    ['`audit query` answers', await printed(['audit', 'query', '--server', server.url], { CHATELAINE_KEY: admin })],
    ['`audit verify` answers', await printed(['audit', 'verify', '--data-dir', place.dataDir])],
  ];
}

/** Whether there is something in what is listed. */
async function answerOf(server: Server, path: string, key: string, body?: object): Promise<string> {
  const response = await ask(server, key, path, body);
  const text = await response.text();
  return response.ok && !text.includes('"error"') ? 'yes' : `${response.status} ${text.slice(0, 200)}`;
}

async function printed(args: readonly string[], env: Readonly<Record<string, string>> = {}): Promise<string> {
  try {
    await commandWith(env, ...args);
    return 'yes';
  } catch (error) {
    return (error as Error).message;
  }
}

const statusOf = async (server: Server, key: string, path: string, body?: object): Promise<number> => {
  const response = await ask(server, key, path, body);
  await response.arrayBuffer();
  return response.status;
};

const ask = (server: Server, key: string, path: string, body?: object): Promise<Response> =>
  fetch(`${server.url}${path}`, {
    method: body === undefined ? 'GET' : 'POST',
    headers: {
      Authorization: `Bearer ${key}`,
      Accept: 'application/json, text/event-stream',
      ...(body !== undefined && { 'Content-Type': 'application/json' }),
    },
    ...(body !== undefined && { body: JSON.stringify(body) }),
  });

/** Repeats a call until its status is as wished, or the time of a recovery is over. */
async function until(call: () => Promise<number>, wished: (status: number) => boolean): Promise<number> {
  const end = performance.now() + RECOVERY_MS;
  for (;;) {
    const status = await call();
    if (wished(status) || performance.now() > end) return status;
    await pause(20);
  }
}
