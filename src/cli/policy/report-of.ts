import type { ApiClient } from '../api/client.ts';
import { linesOf } from '../audit/pieces.ts';
import { Progress } from '../audit/progress.ts';
import type { CliContext } from '../context.ts';
import { cliError } from '../errors.ts';

/** The report at the end of an answer that says how far it is, and shows that meanwhile. */
export async function reportOf<Report>(
  context: CliContext,
  api: ApiClient,
  path: string,
  body: unknown,
  namespace?: string,
): Promise<Report> {
  const progress = new Progress(context, undefined);
  try {
    return await api.stream(
      path,
      { namespace },
      async (pieces) => {
        for await (const line of linesOf(pieces)) {
          if (line === '') continue;
          const said = JSON.parse(line) as {
            readonly progress?: { readonly records: number };
            readonly report?: Report;
          };
          if (said.report !== undefined) return said.report;
          progress.show(said.progress?.records ?? 0);
        }
        throw cliError('SERVER_UNEXPECTED', 'the answer ended before its report');
      },
      body,
    );
  } finally {
    progress.end();
  }
}

/** `2026-11-01` and `2026-11-01T10:00:00Z` alike; what is no moment stays, and is refused by the API. */
export const momentOption = (text: string | undefined): string | undefined => {
  const ms = text === undefined ? Number.NaN : Date.parse(text);
  return Number.isNaN(ms) ? text : new Date(ms).toISOString();
};
