import { addApiOptions, withApi, type ApiOptions } from '../api/index.ts';
import type { InstallCommands } from '../context.ts';
import { jsonLine, table } from '../print.ts';

interface SearchOptions extends ApiOptions {
  readonly tag?: readonly string[];
  readonly limit?: string;
  readonly json?: true;
}

/** A tool as the API shows it. */
interface FoundTool {
  readonly name: string;
  readonly title: string | null;
  readonly description: string;
  readonly tags: readonly string[];
}

interface Found {
  readonly items: readonly FoundTool[];
  readonly total: number;
}

const LONGEST_DESCRIPTION = 100;

/** `chatelaine tool search WORDS…`: what the caller may call, by what it is for. */
export const addToolSearch: InstallCommands = (tool, context) => {
  const command = tool
    .command('search')
    .description('find the tools of a running server that you may call, by what they are for')
    .argument('[words...]', 'what the tool is to do');
  addApiOptions(command, context)
    .option('--tag <tag...>', 'only tools with these tags, each of them')
    .option('--limit <n>', 'how many to show at most, up to 25 (default: 10)')
    .option('--json', 'print one line of JSON: {"items": […], "total": n}')
    .addHelpText('after', '\nExample:\n  $ chatelaine tool search list tables --server https://tools.example.com')
    .action(async (words: readonly string[], options: SearchOptions) => {
      const asked = {
        query: words.join(' '),
        ...(options.tag !== undefined && { tags: options.tag.join(',') }),
        ...(options.limit !== undefined && { limit: options.limit }),
      };
      const found = await withApi(context, options, (api) => api.get<Found>('/tools/search', asked));
      context.stdout.write(options.json === true ? jsonLine(found) : describe(found));
    });
};

function describe({ items, total }: Found): string {
  if (items.length === 0) return 'No tool fits.\n';
  const rows = items.map(({ name, title, description, tags }) => [
    name,
    tags.join(' ') || '-',
    short(title ?? description),
  ]);
  const more = total > items.length ? `${total - items.length} more fit; --limit shows more.\n` : '';
  return `${table(['NAME', 'TAGS', 'WHAT IT IS FOR'], rows)}${more}`;
}

function short(text: string): string {
  const [line = ''] = text.split('\n');
  return line.length <= LONGEST_DESCRIPTION ? line : `${line.slice(0, LONGEST_DESCRIPTION - 1)}…`;
}
