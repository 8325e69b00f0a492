/**
 * Passwords of Chatelaine's own database that stand in the file itself. Files of sources may hold
 * theirs, since MCP Toolbox's do; this one opens everything that Chatelaine keeps, and files are copied,
 * committed and shown.
 */
import type { FieldPath } from '#contract';
import { problemAt, type Problem } from './problems.ts';
import type { RawDocument } from './raw-document.ts';
import { valueAt } from './schema-issues.ts';

const SECRETS: readonly FieldPath[] = [
  ['database', 'password'],
  ['database', 'migration', 'password'],
];

/** One variable and nothing else: its default would stand in the file as well. */
const REFERENCE = /^["']?\$\{\w+\}["']?$/;

/** The problems of a `kind: server` document whose passwords are no references. Their lines are not shown. */
export function plainSecrets(document: RawDocument): Problem[] {
  return SECRETS.flatMap((path) => {
    const value = valueAt(document.value, path);
    if (value === undefined || value === null) return [];
    if (typeof value === 'string' && value.startsWith('file://')) return [];
    if (REFERENCE.test(document.member(path)?.environment?.written ?? '')) return [];
    const place = { ...document.locate(path), excerpt: '' };
    return [
      problemAt(
        place,
        'UNENFORCEABLE',
        `\`${path.join('.')}\` stands in the file for everybody who reads it`,
        'Write a reference, `${DATABASE_PASSWORD}` or `file:///run/secrets/name`.',
      ),
    ];
  });
}
