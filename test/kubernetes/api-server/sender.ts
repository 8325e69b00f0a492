/** Who sent a request, and in whose place; and whether they are let in. */
import type { IncomingHttpHeaders } from 'node:http';
import { type Attributes, notAllowed } from './attributes.ts';
import { type Caller, callerOf, impersonated, isMaster } from './callers.ts';
import type { Rights } from './rights.ts';
import { Refusal } from './statuses.ts';
import type { Tokens } from './tokens.ts';

export interface Sender {
  readonly caller: Caller;
  readonly as: Caller | undefined;
}

export function senderOf(headers: IncomingHttpHeaders, tokens: Tokens, mustSignIn: boolean): Sender | Refusal {
  try {
    return { caller: callerOf(headers, tokens, mustSignIn), as: impersonated(headers) };
  } catch (error) {
    if (error instanceof Refusal) return error;
    throw error;
  }
}

/** The caller, or in whose place they ask, if they have the right to what they ask. */
export function admitted({ caller, as }: Sender, about: Attributes, rights: Rights): Caller {
  if (as !== undefined && !isMaster(caller))
    throw notAllowed(caller.username, { ...about, verb: `impersonate-on:user-info:${about.verb}` });
  const one = as ?? caller;
  if (rights.allowing(one, about) === undefined) throw notAllowed(one.username, about);
  return one;
}
