/**
 * Security schemes as what the source sends with every request. The keys themselves are references to
 * the environment, named after the API: the file may be shared, and the loader says which is not set.
 */
import { isRecord } from '#kernel';
import { textOf, type ApiDocument, type Node } from './api-document.ts';

export interface ImportedSecurity {
  readonly headers: Readonly<Record<string, string>>;
  readonly queryParams: Readonly<Record<string, string>>;
  /** What a person has to know or do. */
  readonly remarks: readonly string[];
}

/** `prefix`: the beginning of the names of environment variables, `PET_STORE`. */
export function importSecurity(api: ApiDocument, requirements: readonly unknown[], prefix: string): ImportedSecurity {
  const components = isRecord(api.root['components']) ? api.root['components'] : {};
  const schemes = isRecord(components['securitySchemes']) ? components['securitySchemes'] : {};
  const headers: Record<string, string> = {};
  const queryParams: Record<string, string> = {};
  const remarks: string[] = [];
  for (const name of schemesIn(requirements)) {
    const scheme = Object.hasOwn(schemes, name) ? api.resolve(schemes[name]) : undefined;
    if (scheme === undefined) {
      remarks.push(`the security scheme \`${name}\` is not in the document`);
      continue;
    }
    const credential = credentialOf(scheme, prefix);
    if (typeof credential === 'string') {
      remarks.push(`the security scheme \`${name}\` ${credential}`);
      continue;
    }
    const target = credential.in === 'header' ? headers : queryParams;
    const rival = Object.keys(target).find((known) => known.toLowerCase() === credential.name.toLowerCase());
    if (rival === undefined) target[credential.name] = credential.value;
    else remarks.push(`the security scheme \`${name}\` also uses \`${rival}\`; the first one was taken`);
  }
  return { headers, queryParams, remarks };
}

/** Of alternatives the first: one key is enough, and the author named it first. */
function schemesIn(requirements: readonly unknown[]): ReadonlySet<string> {
  const names = new Set<string>();
  for (const alternatives of requirements) {
    const listed = Array.isArray(alternatives) ? (alternatives as unknown[]) : [];
    const first = listed.find((one) => isRecord(one) && Object.keys(one).length > 0);
    if (isRecord(first)) for (const name of Object.keys(first)) names.add(name);
  }
  return names;
}

interface Credential {
  readonly in: 'header' | 'query';
  readonly name: string;
  readonly value: string;
}

function credentialOf(scheme: Node, prefix: string): Credential | string {
  const authorization = (value: string): Credential => ({ in: 'header', name: 'Authorization', value });
  switch (scheme['type']) {
    case 'apiKey': {
      const name = textOf(scheme['name']) ?? 'key';
      if (scheme['in'] === 'query') return { in: 'query', name, value: `\${${prefix}_API_KEY}` };
      if (scheme['in'] === 'cookie') return { in: 'header', name: 'Cookie', value: `${name}=\${${prefix}_API_KEY}` };
      return { in: 'header', name, value: `\${${prefix}_API_KEY}` };
    }
    case 'http':
      if (String(scheme['scheme']).toLowerCase() === 'basic')
        return authorization(`Basic \${${prefix}_BASIC_CREDENTIALS}`);
      if (String(scheme['scheme']).toLowerCase() === 'bearer') return authorization(`Bearer \${${prefix}_TOKEN}`);
      return `is HTTP \`${String(scheme['scheme'])}\`, which a fixed header cannot do`;
    case 'oauth2':
    case 'openIdConnect':
      return authorization(`Bearer \${${prefix}_TOKEN}`);
    case 'mutualTLS':
      return 'is a client certificate; add `tls: { clientCert, clientKey }` to the source';
    default:
      return `is of the unknown type \`${String(scheme['type'])}\``;
  }
}
