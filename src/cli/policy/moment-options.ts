import type { Command } from 'commander';
import { cliError } from '../errors.ts';

/** What of a moment and a call can be said, by the field of the API. */
const GIVEN: readonly (readonly [option: string, field: string, help: string])[] = [
  ['at <moment>', 'at', 'at this moment (RFC 3339)'],
  ['door <door>', 'door', 'through mcp, rest or cli'],
  ['method <method>', 'method', 'signed in by api-key, session, certificate, token or local'],
  ['scopes <scopes>', 'scopes', 'with these scopes, by commas'],
  ['client <id>', 'client', 'through this OAuth client'],
  ['address <address>', 'address', 'from this address'],
  ['country <code>', 'country', 'from this country, such as CH'],
  ['asn <number>', 'asn', 'from this autonomous system'],
  ['auth-age <seconds>', 'authAgeSeconds', 'so long after the person proved who they are'],
  ['mfa', 'mfa', 'with a second factor'],
];

export interface QuestionOptions {
  readonly action: string;
  readonly args?: string;
  readonly [field: string]: unknown;
}

/** `--action`, `--args` and what is known of the moment. */
export function addQuestionOptions(command: Command): Command {
  command
    .option('--action <action>', 'execute, read, vend, approve or publish', 'execute')
    .option('--args <json>', 'the arguments of the call, as a JSON object');
  for (const [option, , help] of GIVEN) command.option(`--${option}`, help);
  return command;
}

/** The question as the API takes it. Throws `ARGUMENT_UNREADABLE` for arguments that are no object. */
export function questionOf(tool: string, options: QuestionOptions): Readonly<Record<string, unknown>> {
  const circumstances: Record<string, unknown> = {};
  for (const [option, field] of GIVEN) {
    const name = (option.split(' ')[0] as string).replaceAll(/-(.)/g, (_, letter: string) => letter.toUpperCase());
    const given = options[name];
    if (given !== undefined) circumstances[field] = valueOf(field, given);
  }
  const args = options.args === undefined ? {} : { arguments: argumentsOf(options.args) };
  return { tool, action: options.action, circumstances, ...args };
}

function valueOf(field: string, given: unknown): unknown {
  if (typeof given !== 'string') return given;
  if (field === 'scopes') return given.split(',').filter((scope) => scope !== '');
  return field === 'asn' || field === 'authAgeSeconds' ? Number(given) : given;
}

function argumentsOf(text: string): unknown {
  try {
    return JSON.parse(text) as unknown;
  } catch (cause) {
    throw cliError('ARGUMENT_UNREADABLE', '`--args` is not a JSON object', { cause });
  }
}

/** `--user`, `--agent` or `--anonymous`: whom a question is about. */
export interface WhomOptions {
  readonly user?: string;
  readonly agent?: string;
  readonly anonymous?: true;
}

export function whomOf({ user, agent, anonymous }: WhomOptions): Readonly<Record<string, unknown>> | undefined {
  if (user !== undefined) return { kind: 'user', id: user };
  if (agent !== undefined) return { kind: 'agent', id: agent };
  return anonymous === true ? { kind: 'anonymous' } : undefined;
}
