/**
 * Passwords of Chatelaine's own database, private keys of its listeners, and what it shows identity providers,
 * where they stand in the file itself. Files of sources may hold theirs, since MCP Toolbox's do; these open everything that Chatelaine
 * keeps, and files are copied, committed and shown.
 */
import { isPem, type FieldPath, type Kind } from '#contract';
import { problemAt, type Problem } from './problems.ts';
import type { RawDocument } from './raw-document.ts';
import { valueAt } from './schema-issues.ts';

const SECRETS: Partial<Record<Kind, readonly FieldPath[]>> = {
  server: [
    ['database', 'password'],
    ['database', 'migration', 'password'],
  ],
  upstream: [['clientSecret'], ['privateKey']],
};

/** Keys that tokens are signed with: whoever reads one is whoever they like. */
const SIGNING_KEYS: FieldPath = ['authorizationServer', 'signingKeys'];

/** Keys that may also be named by their path. */
const KEYS: readonly FieldPath[] = [
  ['tls', 'key'],
  ['agentListener', 'key'],
  ['internalListener', 'key'],
];

/** One variable and nothing else: its default would stand in the file as well. */
const REFERENCE = /^["']?\$\{\w+\}["']?$/;

/** The problems of a document whose passwords are no references. Their lines are not shown. */
export function plainSecrets(kind: Kind, document: RawDocument): Problem[] {
  const ofServer = kind === 'server' ? [...KEYS, ...signingKeys(document)] : [];
  return [...(SECRETS[kind] ?? []), ...ofServer].flatMap((path) => {
    const value = valueAt(document.value, path);
    if (value === undefined || value === null) return [];
    if (typeof value === 'string' && /^(?:file|secret):\/\//.test(value)) return [];
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
          : kind === 'server'
            ? 'Write a reference, `${NAME}` or `file:///run/secrets/name`.'
            : 'Write a reference: `secret://default/name`, `${CLIENT_SECRET}` or `file:///run/secrets/name`.',
      ),
    ];
  });
}

function signingKeys(document: RawDocument): FieldPath[] {
  const keys = valueAt(document.value, SIGNING_KEYS);
  return Array.isArray(keys) ? keys.map((_, index) => [...SIGNING_KEYS, index, 'pem']) : [];
}
