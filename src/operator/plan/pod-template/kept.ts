/** Keys and state that the operator keeps: no template leads to them, under whatever name a volume has. Pure. */
import { isRecord } from '#kernel';
import type { PlanFault } from '../plan.ts';

/** Of a namespace. Whoever may write an object there is not by that somebody who may read its Secrets and volumes. */
export interface KeptNames {
  readonly secrets: readonly string[];
  readonly claims: readonly string[];
}

const SECRET_REFS = new Set(['secret', 'secretRef', 'secretKeyRef', 'nodePublishSecretRef']);
/** What a volume is a copy of. */
const CLAIM_REFS = new Set(['dataSource', 'dataSourceRef']);

/** Everything in `wishes` that names one of them. */
export function keptFaults(wishes: unknown, kept: KeptNames, path = ''): readonly PlanFault[] {
  if (Array.isArray(wishes)) return wishes.flatMap((one, index) => keptFaults(one, kept, `${path}[${index}]`));
  if (!isRecord(wishes)) return [];
  return Object.entries(wishes).flatMap(([field, value]) => {
    const at = path === '' ? field : `${path}.${field}`;
    const named = isRecord(value) ? value['name'] : undefined;
    const secret = field === 'secretName' ? value : SECRET_REFS.has(field) ? named : undefined;
    const claim = field === 'claimName' ? value : CLAIM_REFS.has(field) ? named : undefined;
    const faults: PlanFault[] = [];
    if (typeof secret === 'string' && kept.secrets.includes(secret))
      faults.push({
        path: at,
        message: `the Secret \`${secret}\` is the operator's own, and no pod is given it by name`,
      });
    if (typeof claim === 'string' && kept.claims.includes(claim))
      faults.push({ path: at, message: `the volume \`${claim}\` is the state of one pod alone` });
    return [...faults, ...keptFaults(value, kept, at)];
  });
}
