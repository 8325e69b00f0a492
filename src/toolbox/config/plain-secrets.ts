/**
 * Passwords of Chatelaine's own database and private keys of its listeners, where they stand in the file
 * itself. Files of sources may hold theirs, since MCP Toolbox's do; these open everything that Chatelaine
 * keeps, and files are copied, committed and shown.
 */
import { isPem, type FieldPath } from '#contract';
import { problemAt, type Problem } from './problems.ts';
import type { RawDocument } from './raw-document.ts';
import { valueAt } from './schema-issues.ts';

const SECRETS: readonly FieldPath[] = [
  ['database', 'password'],
  ['database', 'migration', 'password'],
];

/** Keys that may also be named by their path. */
const KEYS: readonly FieldPath[] = [
  ['tls', 'key'],
  ['agentListener', 'key'],
];

/** One variable and nothing else: its default would stand in the file as well. */
const REFERENCE = /^["']?\$\{\w+\}["']?$/;

/** The problems of a `kind: server` document whose passwords are no references. Their lines are not shown. */
export function plainSecrets(document: RawDocument): Problem[] {
  return [...SECRETS, ...KEYS].flatMap((path) => {
    const value = valueAt(document.value, path);
    if (value === undefined || value === null) return [];
    if (typeof value === 'string' && value.startsWith('file://')) return [];
    if (KEYS.includes(path) && typeof value === 'string' && !isPem(value)) return [];
    if (REFERENCE.test(document.member(path)?.environment?.written ?? '')) return [];
    const place = { ...document.locate(path), excerpt: '' };
    return [
      problemAt(
        place,
        'UNENFORCEABLE',
        `\`${path.join('.')}\` stands in the file for everybody who reads it`,
        KEYS.includes(path)
          ? 'Write the absolute path of its file.'
          : 'Write a reference, `${DATABASE_PASSWORD}` or `file:///run/secrets/name`.',
      ),
    ];
  });
}
