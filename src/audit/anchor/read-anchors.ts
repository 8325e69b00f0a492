import { readCheckpoint, signedCheckpoint, type SignedCheckpoint } from '../checkpoint/checkpoint.ts';
import { auditError } from '../errors.ts';

/** A checkpoint within other text: 64 bytes of signature in base64url, a space, an object to the end. */
const WITHIN = /[A-Za-z0-9_-]{86} \{.*\}/;

/**
 * The checkpoints in a file that an anchor kept: lines of the file anchor, of a log that a syslog
 * receiver wrote (whatever it put before the message), or bodies of the webhook. Other lines are
 * passed over. Throws `AUDIT_DAMAGED` when there is none at all, or the file would prove anything.
 */
export async function readAnchors(lines: AsyncIterable<string>): Promise<readonly SignedCheckpoint[]> {
  const anchors: SignedCheckpoint[] = [];
  for await (const line of lines) {
    const found = WITHIN.exec(line)?.[0];
    const checkpoint = found === undefined ? fromBody(line) : readCheckpoint(found);
    if (checkpoint) anchors.push(checkpoint);
  }
  if (anchors.length === 0) throw auditError('AUDIT_DAMAGED', 'the anchor holds no checkpoint');
  return anchors;
}

function fromBody(line: string): SignedCheckpoint | undefined {
  if (!line.startsWith('{')) return undefined;
  try {
    const parsed = signedCheckpoint.safeParse(JSON.parse(line));
    return parsed.success ? parsed.data : undefined;
  } catch {
    return undefined;
  }
}
