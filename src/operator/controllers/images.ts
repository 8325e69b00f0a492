/** Images by digest: what a tag means may be another thing tomorrow, and on another node (SUP-002). Pure. */
import { isNot, type Finding } from './conditions.ts';
import { printFaults } from './deploy.ts';

const DIGEST = /@sha256:[0-9a-f]{64}$/;

export const isPinned = (image: string): boolean => DIGEST.test(image);

/** Why an object whose images are named otherwise is not run; `images` by the field that names them. */
export function refusedImages(
  images: Readonly<Record<string, string | undefined>>,
  requireDigests: boolean,
): readonly Finding[] {
  if (!requireDigests) return [];
  const faults = Object.entries(images).flatMap(([path, image]) =>
    image === undefined || isPinned(image)
      ? []
      : [{ path, message: `\`${image}\` names no digest, and this operator was told to require one (\`…@sha256:…\`)` }],
  );
  return faults.length === 0 ? [] : [isNot('Valid', 'ImageNotPinned', printFaults(faults))];
}
