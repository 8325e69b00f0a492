import type { SecretReader } from '#contract';

/**
 * A reader that the first who needs a secret opens. A configuration says where the vault is, so sources
 * exist before it; and a command whose sources name no secret opens none. An opening that failed is
 * tried again by the next.
 */
export function lazySecrets(open: () => Promise<SecretReader>): SecretReader {
  let opening: Promise<SecretReader> | undefined;
  return {
    async read(reference, holder) {
      const mine = (opening ??= open());
      try {
        return await (await mine).read(reference, holder);
      } catch (error) {
        if (opening === mine && (await mine.catch(() => undefined)) === undefined) opening = undefined;
        throw error;
      }
    },
  };
}
