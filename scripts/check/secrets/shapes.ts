/** What a secret looks like. Each shape names itself and finds its own text in a line. */
export interface SecretShape {
  readonly name: string;
  /** Global; the group `secret` is the part that must not be here, else the whole match is. */
  readonly pattern: RegExp;
  /** Shapes that ordinary text has too are believed only when the text looks random. */
  readonly onlyIfRandom?: boolean;
}

export const SHAPES: readonly SecretShape[] = [
  { name: 'private key', pattern: /-----BEGIN (?:[A-Z]+ )*PRIVATE KEY-----/g },
  { name: 'Chatelaine API key', pattern: /\bchk_[0-9A-Za-z]{6,}_[0-9A-Za-z_-]{32,}/g },
  { name: 'JSON Web Token', pattern: /\beyJ[\w-]{10,}\.eyJ[\w-]{10,}\.[\w-]*/g },
  { name: 'AWS access key', pattern: /\b(?:AKIA|ASIA)[0-9A-Z]{16}\b/g },
  { name: 'GitHub token', pattern: /\bgh[oprsu]_[0-9A-Za-z]{36,}|\bgithub_pat_\w{22,}/g },
  { name: 'GitLab token', pattern: /\bglpat-[\w-]{20,}/g },
  { name: 'Google key', pattern: /\bAIza[\w-]{35}|\bGOCSPX-[\w-]{20,}|\bya29\.[\w-]{20,}/g },
  { name: 'Slack token', pattern: /\bxox[abeoprs]-[\w-]{10,}|hooks\.slack\.com\/services\/T\w+\/B\w+\/\w+/g },
  { name: 'npm token', pattern: /\bnpm_[0-9A-Za-z]{36}\b/g },
  { name: 'Stripe key', pattern: /\b[rs]k_live_[0-9A-Za-z]{16,}/g },
  { name: 'model provider key', pattern: /\bsk-(?:ant|proj)-[\w-]{20,}/g },
  {
    name: 'password in a URL',
    pattern: /\b[a-z][\w+.-]*:\/\/[^\s:/@'"`]+:(?<secret>[^\s:/@'"`$]{8,})@/g,
    onlyIfRandom: true,
  },
  {
    // `password: "…"` in code, `token=…` in an environment file, `"secret": "…"` in JSON.
    name: 'value of a secret name',
    pattern:
      /(?:passw(?:or)?d|secret|token|api[-_]?key|private[-_]?key|credential)s?["'`]?\s*[:=]\s*["'`]?(?<secret>[\w+/=.~-]{16,})(?![\w(])/gi,
    onlyIfRandom: true,
  },
];

/**
 * Whether text looks like it came from a random generator: letters and digits mixed, no word-like
 * stretch of seven letters of one case, and at least 3.2 bits of entropy a character.
 */
export function looksRandom(text: string): boolean {
  if (!/\d/.test(text) || !/[a-z]/i.test(text)) return false;
  if (/[a-z]{7}|[A-Z]{7}/.test(text)) return false;
  return entropyPerCharacter(text) >= 3.2;
}

/** Shannon entropy of the characters of a text, in bits. */
export function entropyPerCharacter(text: string): number {
  const counts = new Map<string, number>();
  for (const character of text) counts.set(character, (counts.get(character) ?? 0) + 1);
  let bits = 0;
  for (const count of counts.values()) bits -= (count / text.length) * Math.log2(count / text.length);
  return bits;
}
