import type { AuditTrail } from '#contract';

/** Of the image that this process runs from, as whoever started it names it: an operator, or a unit file. */
export const IMAGE_VARIABLE = 'CHATELAINE_IMAGE';

/** Longer references are none. */
const LONGEST = 512;

/**
 * Says in the record which image serves from now on, where the environment names it: a tag may mean another one tomorrow,
 * and a digest says which it was (SUP-002).
 */
export async function recordImage(
  env: Readonly<Record<string, string | undefined>>,
  {
    audit,
    version,
    subject,
  }: { readonly audit: AuditTrail; readonly version: string; readonly subject: 'server' | 'proxy' },
): Promise<void> {
  const image = env[IMAGE_VARIABLE] ?? '';
  if (image === '' || image.length > LONGEST) return;
  const digest = /@(sha256:[0-9a-f]{64})$/.exec(image)?.[1];
  await audit.append({
    ...{ class: 'administration', type: 'server.started', door: 'system', action: 'start' },
    actor: { kind: 'system', iss: 'chatelaine', sub: subject, name: subject },
    object: { kind: 'image', namespace: '', name: image.slice(0, 256) },
    outcome: 'success',
    details: { image, version, ...(digest !== undefined && { digest }) },
  });
}
