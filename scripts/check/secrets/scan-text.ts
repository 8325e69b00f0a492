import { createHash } from 'node:crypto';
import { looksRandom, SHAPES } from './shapes.ts';

export interface SecretFinding {
  readonly shape: string;
  readonly line: number;
  /** SHA-256 of the text, to allow it by; the text itself is never shown. */
  readonly digest: string;
}

/** Everything in a text that looks like a secret. */
export function scanText(text: string): SecretFinding[] {
  return text.split('\n').flatMap((content, index) =>
    SHAPES.flatMap(({ name, pattern, onlyIfRandom }) =>
      [...content.matchAll(pattern)].flatMap((match) => {
        const secret = match.groups?.secret ?? match[0];
        if (onlyIfRandom && !looksRandom(secret)) return [];
        return [{ shape: name, line: index + 1, digest: createHash('sha256').update(secret).digest('hex') }];
      }),
    ),
  );
}
