import { checkSignature, readCheckpoint } from '../../checkpoint/checkpoint.ts';
import type { TrustedKeys } from '../../checkpoint/signing-key.ts';

/** A row of the table of checkpoints. */
export interface PlacedLine {
  readonly place: number;
  readonly line: string;
}

/**
 * The first of these lines, which come from the end, that bears our signature at its own place: not what
 * the role that serves could have put there. Where there is none, whether others signed some.
 */
export async function ownCheckpoint(
  linesFromEnd: AsyncIterable<PlacedLine>,
  { installation, keys }: { readonly installation: string; readonly keys: TrustedKeys },
): Promise<{ readonly line?: string; readonly strange: boolean }> {
  let strange = false;
  for await (const { place, line } of linesFromEnd) {
    const checkpoint = readCheckpoint(line);
    if (checkpoint?.body.number !== place || checkpoint.body.installation !== installation) continue;
    const key = keys.get(checkpoint.body.keyId);
    if (key && checkSignature(checkpoint, key)) return { line, strange };
    strange = true;
  }
  return { strange };
}
