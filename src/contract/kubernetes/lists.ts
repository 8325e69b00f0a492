/** Lists and mappings: how much is in them, and what tells their entries apart. */
import { z } from 'zod';
import { saying } from './structural.ts';

/** Entries told apart by one of their fields. */
export function listMap<Element extends z.ZodType>(element: Element, key: string, most: number) {
  const list = z.array(element).max(most).superRefine(noDoubles(key));
  return saying(list, { list: { type: 'map', keys: [key] } });
}

/** Entries told apart by what they are. */
export function listSet<Element extends z.ZodType>(element: Element, most: number) {
  return saying(z.array(element).max(most).superRefine(noDoubles()), { list: { type: 'set' } });
}

/** A list that has an order, and is replaced as a whole. */
export function ordered<Element extends z.ZodType>(element: Element, most: number) {
  return saying(z.array(element).max(most), { list: { type: 'atomic' } });
}

/** A mapping of at most so many members. Of their names the API server sees lengths alone: no pattern in the key. */
export function bounded<Mapping extends z.ZodRecord>(mapping: Mapping, most: number): Mapping {
  const checked = mapping.refine((members) => Object.keys(members as object).length <= most, {
    error: `there are more than ${most} members`,
  });
  return saying(checked, { mostMembers: most });
}

const noDoubles =
  (key?: string) =>
  (entries: readonly unknown[], context: z.RefinementCtx): void => {
    const names = entries.map((entry) => (key === undefined ? entry : (entry as Record<string, unknown>)[key]));
    const again = names.findIndex((name, index) => names.indexOf(name) !== index);
    if (again === -1) return;
    const path = key === undefined ? [again] : [again, key];
    context.addIssue({ code: 'custom', path, message: `\`${String(names[again])}\` stands there twice` });
  };
