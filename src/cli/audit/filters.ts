import type { Command } from 'commander';

/** The filters of the record, by the option that names each. */
const FILTERS: readonly (readonly [option: string, field: string, help: string])[] = [
  ['actor <subject>', 'actor', 'of this caller: a user’s or an agent’s id'],
  ['person <id>', 'subject', 'of this person: who did it, to whom it was done, or on whose behalf'],
  ['class <class>', 'class', 'authentication, authorization, tool-call, credential, administration or audit'],
  ['type <type>', 'type', 'of this type, such as tool.call or key.revoked'],
  ['action <verb>', 'action', 'with this verb'],
  ['object-kind <kind>', 'objectKind', 'about a tool, an agent, a secret …'],
  ['object <name>', 'object', 'about what has this name'],
  ['namespace <name>', 'namespace', 'about what is in this namespace'],
  ['outcome <outcome>', 'outcome', 'intent, success, failure, denied or unknown'],
  ['request <id>', 'requestId', 'of this request'],
  ['from <moment>', 'from', 'from this moment on (RFC 3339)'],
  ['to <moment>', 'to', 'before this moment'],
];

export function addFilters(command: Command): Command {
  for (const [option, , help] of FILTERS) command.option(`--${option}`, help);
  return command;
}

/** What was given of them, as the API takes it. */
export function filterOf(options: Readonly<Record<string, unknown>>): Readonly<Record<string, string>> {
  const filter: Record<string, string> = {};
  for (const [option, field] of FILTERS) {
    const name = (option.split(' ')[0] as string).replaceAll(/-(.)/g, (_, letter: string) => letter.toUpperCase());
    const given = options[name];
    if (typeof given === 'string') filter[field] = isMoment(field) ? toMilliseconds(given) : given;
  }
  return filter;
}

const isMoment = (field: string): boolean => field === 'from' || field === 'to';

/** `2026-11-01T00:00:00Z` as the log compares it; what is no moment stays, and is refused by the API. */
function toMilliseconds(text: string): string {
  const ms = Date.parse(text);
  return Number.isNaN(ms) ? text : new Date(ms).toISOString();
}
