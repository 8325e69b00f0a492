import { COMMAND_LINE_CLIENT_ID, type Principal } from '#contract';
import { LOCAL_ISSUER } from '#identity';

/**
 * Whether a person stands behind a credential themselves: a session of theirs in a browser or on the command line,
 * or the token of `chatelaine login`. No key, no agent, no program that acts for a person, no credential that was
 * vended; and not the local operator, which is whatever has a shell on the machine: that may be an agent, too.
 */
export function isPersonThemselves({ kind, iss, via, act, clientId, tsid }: Principal): boolean {
  if (kind !== 'user' || iss !== LOCAL_ISSUER || act !== undefined) return false;
  if (via.method === 'session') return true;
  // A token session is ours alone: what an issuer of somebody else's calls its clients says nothing here.
  return via.method === 'token' && tsid !== undefined && clientId === COMMAND_LINE_CLIENT_ID;
}
