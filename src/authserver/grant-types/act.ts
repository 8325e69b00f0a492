/** The `act` claim (RFC 8693 §4.1): who acts for the subject, nearest first, each inside the one before; pure. */
import { err, isRecord, ok, type Result } from '#kernel';

/** One who acts. `agent` is the name of an agent of identity, whose id is the `sub`; others are clients. */
export interface Actor {
  readonly iss: string;
  readonly sub: string;
  readonly client_id: string;
  /** `namespace/name`. */
  readonly agent?: string;
}

export interface Act extends Actor {
  readonly act?: Act;
}

/** A chain that is longer is a loop, or hides who is in it. */
export const MOST_ACTORS = 10;
export const MOST_ACT_BYTES = 8 * 1024;

/** The chain with one more in front of it. */
export function withActor(actor: Actor, before: Act | undefined): Result<Act, string> {
  const act: Act = { ...actor, ...(before !== undefined && { act: before }) };
  if (actorsOf(act).length > MOST_ACTORS) return err(`more than ${MOST_ACTORS} would act for one another`);
  if (Buffer.byteLength(JSON.stringify(act)) > MOST_ACT_BYTES)
    return err(`the chain of who acts has more than ${MOST_ACT_BYTES} bytes`);
  return ok(act);
}

/** Those in the chain, nearest first. */
export function actorsOf(act: Act): readonly Actor[] {
  const actors: Actor[] = [];
  for (let next: Act | undefined = act; next !== undefined; next = next.act) actors.push(next);
  return actors;
}

/** The chain of a claim of ours; undefined for anything that we do not write. */
export function readAct(claim: unknown, depth = MOST_ACTORS): Act | undefined {
  if (depth === 0 || !isRecord(claim)) return undefined;
  const { iss, sub, client_id: clientId, agent, act } = claim;
  if (typeof iss !== 'string' || typeof sub !== 'string' || typeof clientId !== 'string') return undefined;
  if (agent !== undefined && typeof agent !== 'string') return undefined;
  const before = act === undefined ? undefined : readAct(act, depth - 1);
  if (act !== undefined && before === undefined) return undefined;
  return {
    ...{ iss, sub, client_id: clientId },
    ...(agent !== undefined && { agent }),
    ...(before !== undefined && { act: before }),
  };
}
