import { DEFAULT_NAMESPACE } from '#contract';
import type { Identity } from '#identity';
import { reveal } from '#kernel';

/** The key that the first start makes and shows; later starts know only its id. */
export type FirstKey =
  | { readonly id: string; readonly text: string }
  | { readonly id: string; readonly text: undefined };

const AGENT = 'quickstart';

/** The quickstart's key: made on the first start, named on every other. */
export async function firstKey(identity: Identity, now: number): Promise<FirstKey> {
  const { keyState, operator } = await import('#identity');
  const known = (await identity.keys.list(DEFAULT_NAMESPACE)).find(
    (key) => key.agent === AGENT && keyState(key, now) === 'active',
  );
  if (known !== undefined) return { id: known.id, text: undefined };
  const issued = await identity.keys.create(operator(), {
    agent: AGENT,
    roles: ['user'],
    label: 'made by the first start',
  });
  return { id: issued.key.id, text: reveal(issued.secret) };
}
