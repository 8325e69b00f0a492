/**
 * Pods of other objects that wait for what is about to be made. An object that names a Secret of keys is refused once
 * it is known to be one; what was deployed before that would be given the keys as soon as they are there. Pure.
 */
import { isRecord } from '#kernel';
import { DEPLOYMENTS } from '../cluster/index.ts';
import { keptFaults, type KeptNames } from '../plan/index.ts';
import type { Known } from '../references/index.ts';
import { isNot, type Finding } from './conditions.ts';
import { KINDS } from './kinds.ts';
import type { World } from './world.ts';

/** The finding that nothing is made because of it; undefined where nobody waits. */
export function awaited(subject: Known, kept: KeptNames, world: World): Finding | undefined {
  for (const kind of KINDS)
    for (const { metadata } of world.all(kind)) {
      if (metadata.namespace !== subject.namespace || metadata.uid === undefined || metadata.uid === subject.uid)
        continue;
      const isWaiting = world
        .childrenOf(metadata.uid)
        .some(({ kind: of, spec }) => of === DEPLOYMENTS.kind && isRecord(spec) && keptFaults(spec, kept).length > 0);
      if (!isWaiting) continue;
      const names = [...kept.secrets, ...kept.claims].map((name) => `\`${name}\``).join(', ');
      const message = `the pods of \`${kind}/${metadata.name}\` mount one of ${names}, and would be given what is to be kept in it: take that out of \`${kind}/${metadata.name}\`, or delete it`;
      return isNot('CertificatesReady', 'SecretAwaited', message);
    }
  return undefined;
}
