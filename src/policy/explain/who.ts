/** Who could have done that: of everybody there is, and of roles that anybody may have. */
import { setImmediate as nextTurn } from 'node:timers/promises';
import { EVERYWHERE, ROLES, type Principal, type Role } from '#contract';
import type { Evaluator } from '../decide/evaluator.ts';
import type { DecisionRequest } from '../decide/policy-set.ts';
import type { Circumstances } from '../facts/circumstances.ts';
import { principalEntity, type Entity } from '../facts/entities.ts';
import type { Rules } from './inquiry.ts';
import type { Callers, Reach } from './ports.ts';
import { possible, type Known, type Possible } from './possible.ts';

export interface WhoAsked {
  readonly action: DecisionRequest['action'];
  readonly tool: Entity;
  readonly namespace: string;
  readonly circumstances: Circumstances;
  readonly known: Known;
}

export interface CallerWhoMay extends Pick<Possible, 'on' | 'by'> {
  readonly kind: Principal['kind'];
  readonly id: string;
  readonly name: string;
  readonly may: 'yes' | 'depends';
}

export interface WhoMay {
  readonly callers: readonly CallerWhoMay[];
  /** How many were looked at for this page. */
  readonly looked: number;
  readonly next: string | undefined;
}

/** So many are looked at for one page, however few of them may. */
const MOST_LOOKED = 5000;
const AT_ONCE = 100;

/** The callers who may, from a position on: `limit` of them, or as many as there are among some thousands. */
export async function whoMay(
  evaluator: Evaluator,
  set: Rules,
  asked: WhoAsked,
  callers: Callers,
  { after, limit, reach }: { readonly after: string | undefined; readonly limit: number; readonly reach: Reach },
): Promise<WhoMay> {
  const found: CallerWhoMay[] = [];
  let [looked, next] = [0, after];
  do {
    const page = await callers.page(next, Math.min(AT_ONCE, limit - found.length), reach);
    for (const caller of page.callers) {
      looked++;
      const { may, on, by } = possibleFor(evaluator, set, asked, caller);
      if (may === 'no') continue;
      found.push({ kind: caller.kind, id: caller.sub, name: caller.name, may, on, by });
    }
    next = page.next;
    await nextTurn();
  } while (next !== undefined && found.length < limit && looked < MOST_LOOKED);
  return { callers: found, looked, next };
}

export interface RoleThatMay extends Pick<Possible, 'on' | 'by'> {
  readonly role: Role;
  readonly may: Possible['may'];
}

/** What a role gives by itself: to a person who has it, is in no group, and is named by no policy. */
export const rolesThatMay = (evaluator: Evaluator, set: Rules, asked: WhoAsked): readonly RoleThatMay[] =>
  ROLES.map((role) => {
    const { may, on, by } = possibleFor(evaluator, set, asked, someoneWith(role, asked.namespace));
    return { role, may, on, by };
  });

const possibleFor = (
  evaluator: Evaluator,
  set: Rules,
  { action, tool, namespace, circumstances, known }: WhoAsked,
  caller: Principal,
): Possible => {
  const principal = principalEntity(caller, namespace);
  return possible(evaluator, set, { principal, action, resource: tool, namespace, circumstances }, known);
};

/** No id of ours is empty, so that no policy names them. */
const someoneWith = (role: Role, namespace: string): Principal => ({
  ...{ kind: 'user', iss: 'chatelaine', sub: '', name: '', namespace, groups: [], roles: [role] },
  grants: [{ role, namespace: EVERYWHERE }],
  access: new Set(['read', 'execute', 'admin'] as const),
  scopes: new Set<string>(),
  via: { method: 'local' },
});
