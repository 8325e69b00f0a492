import type { Pieces } from '#http';
import { addApiOptions, withApi, type ApiOptions } from '../api/index.ts';
import type { CliContext, InstallCommands } from '../context.ts';
import { jsonLine } from '../print.ts';

interface SubjectOptions extends ApiOptions {
  readonly out?: string;
  readonly json?: true;
}

export const addAuditSubject: InstallCommands = (audit, context) => {
  const command = audit
    .command('subject')
    .description('export everything that the log holds of a person, for themselves (GDPR, articles 15 and 20)')
    .argument('<user>', 'their id or login name; of who was erased, the id')
    .option('--out <file>', 'write it into this new file, for your eyes alone (default: standard output)');
  addApiOptions(command, context)
    .option('--json', 'with --out, print one line of JSON: id, file, bytes, erased')
    .addHelpText(
      'after',
      `
One JSON document. Other people in it stay ids. It is on record who asked for it, also in the document.

Example:
  $ chatelaine audit subject ann --out ann.json`,
    )
    .action(async (given: string, options: SubjectOptions) => {
      const { out } = options;
      if (out === undefined && options.json === true) {
        command.error("error: option '--json' goes with '--out': without it the document itself is printed");
      }
      const [{ at }, { progressLine }] = await Promise.all([import('../api/client.ts'), import('../progress.ts')]);
      const { show, done } = progressLine(context.stderr, () => context.clock.now());
      try {
        const written = await withApi(context, options, async (api) => {
          const id = await idOf(api, given);
          show?.('collecting', 0);
          return await api.stream(`${at`/users/${id}`}/records`, {}, async (pieces) => ({
            id,
            ...(await writeTo(out, pieces, context, (bytes) => show?.('collecting', bytes))),
          }));
        });
        done();
        if (out === undefined) return;
        const { id, bytes, erased } = written;
        const what = erased ? `The user ${id} was erased: there is nothing of them` : `What is on record of ${id} is`;
        context.stdout.write(
          options.json === true ? jsonLine({ id, file: out, bytes, erased }) : `${what} in \`${out}\`.\n`,
        );
      } finally {
        done();
      }
    });
};

type Api = Parameters<Parameters<typeof withApi>[2]>[0];

/** Whoever was erased is found by no name, and has an id all the same. */
async function idOf(api: Api, given: string): Promise<string> {
  const [{ findUser }, { ChatelaineError }] = await Promise.all([import('../user/user.ts'), import('#kernel')]);
  try {
    return (await findUser(api, given)).id;
  } catch (error) {
    if (error instanceof ChatelaineError && error.code === 'PERSON_UNKNOWN' && IS_ID.test(given)) return given;
    throw error;
  }
}

const IS_ID = /^[0-9a-hjkmnp-tv-z]{26}$/;

/** The end of the document, which says whether there is anybody left. */
const ERASED = /"erased":true\}\s*$/;

async function writeTo(
  out: string | undefined,
  pieces: Pieces,
  context: CliContext,
  onBytes: (bytes: number) => void,
): Promise<{ readonly bytes: number; readonly erased: boolean }> {
  const { writeAll } = await import('./pieces.ts');
  let [bytes, end] = [0, ''];
  const counted = (now: number): void => onBytes((bytes = now));
  if (out === undefined) {
    await writeAll(pieces, context.stdout, counted);
    context.stdout.write('\n');
    return { bytes, erased: false };
  }
  const { newFile } = await import('../new-file.ts');
  await newFile(out, async (write) => {
    for await (const piece of pieces) {
      const chunk = Buffer.from(piece as Uint8Array);
      await write(chunk);
      end = (end + chunk.toString('latin1')).slice(-64);
      counted(bytes + chunk.length);
    }
  });
  return { bytes, erased: ERASED.test(end) };
}
