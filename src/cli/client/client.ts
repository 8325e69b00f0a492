import { table, toSeconds } from '../print.ts';

/** An OAuth client as the API shows it. */
export interface OAuthClient {
  readonly clientId: string;
  readonly origin: 'declared' | 'document' | 'dynamic';
  readonly name: string | null;
  readonly redirectUris: readonly string[];
  readonly grants: readonly string[];
  readonly authMethod: string | null;
  readonly state: 'active' | 'blocked' | 'expired';
  readonly sessions: number;
  readonly createdAt: string | null;
  readonly lastUsedAt: string | null;
  readonly blockedAt: string | null;
}

/** Whose word the name is. */
const BECAME = { declared: 'configuration', document: 'its document', dynamic: 'registered itself' } as const;

export const describeClients = (clients: readonly OAuthClient[]): string =>
  table(
    ['CLIENT ID', 'NAME', 'KNOWN BY', 'STATE', 'TOKEN SESSIONS', 'SINCE', 'LAST USED'],
    clients.map((one) => [
      one.clientId,
      one.name ?? '-',
      BECAME[one.origin],
      one.state,
      String(one.sessions),
      toSeconds(one.createdAt) ?? '-',
      toSeconds(one.lastUsedAt) ?? '-',
    ]),
  );
