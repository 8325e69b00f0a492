/** ConfigMaps of users, by reference. Nothing in them is secret. Pure over what is known. */
import { readBundle, type Root } from '../certificates/index.ts';
import { CONFIG_MAPS } from '../cluster/index.ts';
import { isRecord } from '#kernel';
import type { ConfigMapKey, ReferredText } from '../plan/index.ts';
import { isNot, type Finding } from './conditions.ts';
import type { World } from './world.ts';

/** What is under a key, or what is wrong with the reference. `path` is where it stands. */
export function textOf(
  world: World,
  namespace: string,
  ref: ConfigMapKey,
  path: string,
): { readonly text: string } | { readonly finding: Finding } {
  const object = world.get(CONFIG_MAPS, { namespace, name: ref.name });
  if (object === undefined)
    return {
      finding: isNot('Valid', 'RefNotFound', `${path}: there is no ConfigMap \`${ref.name}\` in \`${namespace}\``),
    };
  const data = isRecord(object['data']) ? object['data'] : {};
  const text = data[ref.key];
  if (typeof text === 'string') return { text };
  const keys = Object.keys(data).map((key) => `\`${key}\``);
  const there = keys.length === 0 ? 'it has none' : `it has ${keys.join(', ')}`;
  return {
    finding: isNot(
      'Valid',
      'RefNotFound',
      `${path}: the ConfigMap \`${ref.name}\` has no key \`${ref.key}\`; ${there}`,
    ),
  };
}

export interface Referred {
  readonly policies: readonly ReferredText[];
  readonly toolset: ReferredText | undefined;
  readonly findings: readonly Finding[];
}

/** What `policyRefs` and `toolsetRef` name. */
export function referredTexts(
  world: World,
  namespace: string,
  {
    policyRefs = [],
    toolsetRef,
  }: { readonly policyRefs?: readonly ConfigMapKey[] | undefined; readonly toolsetRef?: ConfigMapKey | undefined },
): Referred {
  const findings: Finding[] = [];
  const read = (ref: ConfigMapKey, path: string): ReferredText[] => {
    const found = textOf(world, namespace, ref, path);
    if ('text' in found) return [{ ref, text: found.text }];
    findings.push(found.finding);
    return [];
  };
  const policies = policyRefs.flatMap((ref, at) => read(ref, `spec.policyRefs[${at}]`));
  const toolset = toolsetRef && read(toolsetRef, 'spec.toolsetRef')[0];
  return { policies, toolset, findings };
}

/** The authorities under a reference to a bundle; none without one. */
export function authoritiesOf(
  world: World,
  namespace: string,
  ref: ConfigMapKey | undefined,
  path: string,
): { readonly roots: readonly Root[]; readonly findings: readonly Finding[] } {
  if (ref === undefined) return { roots: [], findings: [] };
  const found = textOf(world, namespace, ref, path);
  if (!('text' in found)) return { roots: [], findings: [found.finding] };
  const bundle = readBundle(found.text);
  if (bundle.ok) return { roots: bundle.value, findings: [] };
  const where = `${path}: \`${ref.key}\` of the ConfigMap \`${ref.name}\``;
  return { roots: [], findings: [isNot('Valid', 'BundleUnusable', `${where}: ${bundle.error}`)] };
}
