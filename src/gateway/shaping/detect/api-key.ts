/**
 * Keys and tokens that say what they are: our own, those of providers that give theirs a prefix, and JWTs (RFC 7519).
 * The text is cut into words of the characters that keys are made of, and each word is looked at once.
 */
import type { Detector, Found } from './found.ts';

const PREFIXED = new RegExp(
  `^(?:${[
    'chk_[0-9a-z]{26}_[A-Za-z0-9_-]{43}',
    'sk-(?:ant-|proj-|svcacct-)?[A-Za-z0-9_-]{20,}',
    '[sr]k_(?:live|test)_[A-Za-z0-9]{16,}',
    'whsec_[A-Za-z0-9]{24,}',
    'gh[pousr]_[A-Za-z0-9]{36,}',
    'github_pat_[A-Za-z0-9_]{22,}',
    'gl(?:pat|ptt|rt|dt|cbt)-[A-Za-z0-9_-]{20,}',
    'xox[abeoprs]-[A-Za-z0-9-]{10,}',
    'xapp-[A-Za-z0-9-]{20,}',
    '(?:AKIA|ASIA|ABIA|ACCA)[A-Z0-9]{16}',
    'AIza[A-Za-z0-9_-]{35}',
    'GOCSPX-[A-Za-z0-9_-]{20,}',
    'npm_[A-Za-z0-9]{36}',
    'pypi-[A-Za-z0-9_-]{50,}',
    'dop_v1_[a-f0-9]{64}',
    'hf_[A-Za-z0-9]{30,}',
    'SG\\.[A-Za-z0-9_-]{16,}\\.[A-Za-z0-9_-]{16,}',
    'eyJ[A-Za-z0-9_-]{5,}\\.[A-Za-z0-9_-]{5,}\\.[A-Za-z0-9_-]*',
  ].join('|')})`,
);

export const apiKey: Detector = {
  find(text) {
    const found: Found[] = [];
    for (const { 0: word, index } of text.matchAll(/[A-Za-z0-9_][A-Za-z0-9_.-]{15,}/g)) findInWord(word, index, found);
    return found;
  },
};

/** A key begins where its word does, or after a dot: `SG.…` and JWTs have dots of their own. */
function findInWord(word: string, offset: number, found: Found[]): void {
  let start = 0;
  while (start < word.length) {
    // The longest keys are JWTs; what is beyond is covered with the rest of its word.
    const match = PREFIXED.exec(word.slice(start, start + LONGEST));
    if (match !== null) {
      const end = match[0].length === LONGEST ? word.length : start + match[0].length;
      found.push({ start: offset + start, end: offset + end });
      start = end;
    }
    const dot = word.indexOf('.', start);
    if (dot === -1) return;
    start = dot + 1;
  }
}

const LONGEST = 20_000;
