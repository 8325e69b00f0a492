/** Images by digest: what a tag means may be another thing tomorrow, and on another node (SUP-002). Pure. */
import type { PlanFault } from '../plan/index.ts';

const DIGEST = /@sha256:[0-9a-f]{64}$/;

export const isPinned = (image: string): boolean => DIGEST.test(image);

/** Faults of images that are named otherwise, by the field that names them. */
export const unpinned = (images: Readonly<Record<string, string | undefined>>): readonly PlanFault[] =>
  Object.entries(images).flatMap(([path, image]) =>
    image === undefined || isPinned(image)
      ? []
      : [{ path, message: `\`${image}\` names no digest, and this operator was told to require one (\`…@sha256:…\`)` }],
  );
