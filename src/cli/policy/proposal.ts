import { readFile } from 'node:fs/promises';
import { cliError } from '../errors.ts';

export interface ProposalOptions {
  readonly put?: readonly string[];
  readonly priority?: string;
  readonly remove?: readonly string[];
  readonly proposal?: string;
}

interface Proposal {
  readonly instead?: boolean;
  readonly put?: readonly unknown[];
  readonly remove?: readonly string[];
}

/** What the options propose, as the API takes it. Throws `FILE_UNUSABLE` and `ARGUMENT_UNREADABLE`. */
export async function proposalOf({ put = [], priority, remove = [], proposal }: ProposalOptions): Promise<Proposal> {
  const given = proposal === undefined ? {} : parseProposal(await read(proposal), proposal);
  const policies = await Promise.all(
    put.map(async (one) => {
      const equals = one.indexOf('=');
      if (equals < 1)
        throw cliError('ARGUMENT_UNREADABLE', `\`--put ${one}\` is not an id and a file: \`*/name=file.cedar\``);
      const cedar = await read(one.slice(equals + 1));
      return { id: one.slice(0, equals), cedar, ...(priority !== undefined && { priority: Number(priority) }) };
    }),
  );
  return { ...given, put: [...(given.put ?? []), ...policies], remove: [...(given.remove ?? []), ...remove] };
}

function parseProposal(text: string, path: string): Proposal {
  try {
    return JSON.parse(text) as Proposal;
  } catch (cause) {
    throw cliError('ARGUMENT_UNREADABLE', `\`${path}\` is not JSON`, { cause });
  }
}

const read = (path: string): Promise<string> =>
  readFile(path, 'utf8').catch((cause: unknown) => {
    throw cliError('FILE_UNUSABLE', `\`${path}\` cannot be read: ${(cause as NodeJS.ErrnoException).code}`, { cause });
  });
