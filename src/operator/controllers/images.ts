/** Images by digest: what a tag means may be another thing tomorrow, and on another node (SUP-002). Pure. */
import { isRecord } from '#kernel';
import { DEPLOYMENTS } from '../cluster/index.ts';
import type { KubernetesObject } from '../kubernetes-object.ts';

const DIGEST = /@sha256:[0-9a-f]{64}$/;

const isPinned = (image: string): boolean => DIGEST.test(image);

/**
 * Which containers of planned Deployments run an image that is named otherwise, whoever wished for them. `own` is the
 * image of the operator: whoever installed it chose that.
 */
export const unpinnedImages = (objects: readonly KubernetesObject[], own: string): readonly string[] =>
  objects
    .filter(({ kind }) => kind === DEPLOYMENTS.kind)
    .flatMap((deployment) =>
      containersOf(deployment)
        .filter(({ image }) => image !== own && !isPinned(image))
        .map(({ name, image }) => `the container \`${name}\` of \`${deployment.metadata.name}\` has \`${image}\``),
    );

function containersOf({ spec }: KubernetesObject): readonly { readonly name: string; readonly image: string }[] {
  const template = isRecord(spec) && isRecord(spec['template']) ? spec['template'] : {};
  const pod = isRecord(template['spec']) ? template['spec'] : {};
  return ['initContainers', 'containers'].flatMap((list) =>
    ((pod[list] ?? []) as readonly { name: string; image?: string }[]).map(({ name, image = '' }) => ({ name, image })),
  );
}
