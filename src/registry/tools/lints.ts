/**
 * What a tool should say of itself before anybody calls it. An error refuses a registration; a warning is told, and
 * is all that `config check` has for tools in files, which are their operator's own. Pure.
 */
import type { CatalogueTool } from '#contract';
import { isRecord } from '#kernel';
import { findingsIn, printed } from '../pins/findings.ts';
import { definitionOf } from '../pins/definition.ts';

export interface Lint {
  readonly severity: 'error' | 'warning';
  /** A short name of the rule, `parameter-description`. */
  readonly rule: string;
  /** Where in the tool: `inputSchema.properties.city`. */
  readonly field: string;
  readonly message: string;
}

/** How strongly a source proves itself, best first; the score that the registry shows. */
export const CREDENTIAL_SCORES = { caller: 4, vault: 4, password: 3, header: 2, query: 1, none: 0 } as const;

export const LONGEST_DESCRIPTION = 4096;
const SHORTEST_DESCRIPTION = 12;

type Report = (severity: Lint['severity'], rule: string, field: string, message: string) => void;

/** Everything that is to be said about the tool, errors first. */
export function lintTool(tool: CatalogueTool): readonly Lint[] {
  const lints: Lint[] = [];
  const report: Report = (severity, rule, field, message) => lints.push({ severity, rule, field, message });
  lintDescription(tool, report);
  lintSchema(tool.inputSchema, 'inputSchema', report);
  lintAnnotations(tool, report);
  lintCredential(tool, report);
  lintAuthDocumentation(tool, report);
  for (const { kind, field, words } of findingsIn(definitionOf(tool))) {
    if (kind !== 'size') report('warning', `finding-${kind}`, field, words);
  }
  return lints.toSorted((left, right) => Number(left.severity === 'warning') - Number(right.severity === 'warning'));
}

function lintDescription({ description }: CatalogueTool, report: Report): void {
  if (description.length > LONGEST_DESCRIPTION) {
    const message = `the description has ${description.length} characters, where ${LONGEST_DESCRIPTION} are the most: every model that lists the tool reads them`;
    report('error', 'description-length', 'description', message);
  } else if (description.trim().length < SHORTEST_DESCRIPTION) {
    report(
      'warning',
      'description-length',
      'description',
      'the description says too little for an agent to choose the tool by',
    );
  }
}

function lintSchema(schema: unknown, at: string, report: Report): void {
  if (!isRecord(schema)) return;
  const properties = isRecord(schema['properties']) ? schema['properties'] : {};
  for (const [name, property] of Object.entries(properties)) {
    if (!isRecord(property)) continue;
    const where = `${at}.properties.${printed(name)}`;
    const { description } = property;
    if (typeof description !== 'string' || description.trim() === '') {
      report('error', 'parameter-description', where, `the parameter \`${printed(name)}\` has no description`);
    }
    lintValue(property, where, `\`${printed(name)}\``, report);
  }
}

/** Types, and limits where a value could be of any length. */
function lintValue(schema: Readonly<Record<string, unknown>>, at: string, what: string, report: Report): void {
  const { type } = schema;
  if (
    type === undefined &&
    schema['enum'] === undefined &&
    schema['anyOf'] === undefined &&
    schema['oneOf'] === undefined &&
    schema['const'] === undefined
  ) {
    report('error', 'parameter-type', at, `${what} has no type`);
  }
  if (includesType(type, 'string')) {
    const isClosed = ['maxLength', 'enum', 'pattern', 'format', 'const'].some((limit) => schema[limit] !== undefined);
    if (!isClosed) report('warning', 'parameter-limit', at, `${what} is text of any length; \`maxLength\` bounds it`);
  }
  if (includesType(type, 'array')) {
    if (schema['maxItems'] === undefined)
      report('warning', 'parameter-limit', at, `${what} is a list of any length; \`maxItems\` bounds it`);
    if (isRecord(schema['items'])) lintValue(schema['items'], `${at}.items`, `each item of ${what}`, report);
  }
  if (includesType(type, 'object') && isRecord(schema['properties'])) lintSchema(schema, at, report);
}

const includesType = (type: unknown, wanted: string): boolean =>
  type === wanted || (Array.isArray(type) && type.includes(wanted));

/** What clients are told a call does, against what is known that it does. */
function lintAnnotations(tool: CatalogueTool, report: Report): void {
  const { readOnlyHint, destructiveHint } = tool.annotations;
  if (readOnlyHint === true && tool.foundation().writes) {
    report(
      'error',
      'annotation-fits',
      'annotations.readOnlyHint',
      '`readOnlyHint: true` stands against a statement that changes something',
    );
  } else if (readOnlyHint === true && tool.mayWrite()) {
    report(
      'warning',
      'annotation-fits',
      'annotations.readOnlyHint',
      '`readOnlyHint: true` is a promise that nothing keeps; `readOnly: true` has the source refuse writes',
    );
  }
  if (destructiveHint === false && readOnlyHint !== true && /^\s*(?:drop|truncate|delete)\b/i.test(statementOf(tool))) {
    report(
      'error',
      'annotation-fits',
      'annotations.destructiveHint',
      '`destructiveHint: false` stands against a statement that deletes',
    );
  }
}

function statementOf(tool: CatalogueTool): string {
  const { fields } = tool.foundation().body;
  const statement = isRecord(fields) ? (fields['statement'] ?? fields['method']) : undefined;
  return typeof statement === 'string' ? statement : '';
}

/** The strongest way that a source has is a whole credential of the vault: it is rotated, bound to the source and on record. */
function lintCredential(tool: CatalogueTool, report: Report): void {
  const { credential, egress } = tool.foundation();
  if (credential.inTheClear) {
    report(
      'warning',
      'credential-strength',
      'source',
      `the source \`${tool.source}\` sends its credential over a network in the clear`,
    );
  }
  if (credential.way === 'query' || credential.way === 'header') {
    const where =
      credential.way === 'query' ? 'the query, which logs on the way keep' : 'a header that the file writes';
    report(
      'warning',
      'credential-strength',
      'source',
      `the source \`${tool.source}\` proves itself by ${where}; \`auth: { secret: … }\` takes a credential of the vault (score ${CREDENTIAL_SCORES[credential.way]} of ${CREDENTIAL_SCORES.vault})`,
    );
  }
  if (credential.way === 'none' && egress.some((one) => /^https?:/.test(one)) && tool.foundation().writes) {
    report(
      'warning',
      'credential-strength',
      'source',
      `the source \`${tool.source}\` changes things at \`${egress[0]}\` without proving who it is`,
    );
  }
}

function lintAuthDocumentation(tool: CatalogueTool, report: Report): void {
  const asks = tool.authRequired.length > 0 || tool.scopesRequired.length > 0;
  if (!asks || tool.entry.authDocumentation !== undefined) return;
  const what = tool.authRequired.length > 0 ? 'a token of its own' : 'scopes';
  const message = `the tool asks for ${what}; \`authDocumentation\` says how a caller gets them`;
  // Whoever may not read the configuration has no other way to learn it; scopes stand in the challenge.
  report(
    tool.origin === 'registered' && tool.authRequired.length > 0 ? 'error' : 'warning',
    'auth-documentation',
    'authDocumentation',
    message,
  );
}
