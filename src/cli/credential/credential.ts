import { table, toSeconds } from '../print.ts';

/** A credential as the API shows it. */
export interface Credential {
  readonly id: string;
  readonly tool: string;
  readonly holder: { readonly kind: string; readonly id: string; readonly name: string };
  readonly scopes: readonly string[];
  readonly cnf: Readonly<Record<string, string>> | null;
  readonly through: string;
  readonly state: string;
  readonly issuedAt: string;
  readonly expiresAt: string;
}

export const describeCredentials = (credentials: readonly Credential[]): string =>
  table(
    ['ID', 'TOOL', 'HOLDER', 'SCOPES', 'BOUND TO', 'STATE', 'EXPIRES'],
    credentials.map((one) => [
      one.id,
      one.tool,
      one.holder.name === '' ? one.holder.id : one.holder.name,
      one.scopes.join(' '),
      boundTo(one),
      one.state,
      toSeconds(one.expiresAt),
    ]),
  );

const boundTo = ({ cnf }: Credential): string =>
  cnf === null ? 'nothing' : [cnf['jkt'] && 'key', cnf['x5t#S256'] && 'certificate'].filter(Boolean).join(' ');
