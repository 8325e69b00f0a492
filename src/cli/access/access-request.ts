import { table, toSeconds } from '../print.ts';

/** An access request as the API shows it. */
export interface AccessRequest {
  readonly id: string;
  readonly tool: string;
  readonly subject: { readonly kind: string; readonly id: string; readonly name: string };
  readonly requestedBy: string;
  readonly justification: string;
  readonly state: string;
  readonly createdPolicy: string | null;
  readonly accessEndsAt: string | null;
  readonly createdAt: string;
}

export const describeRequests = (requests: readonly AccessRequest[]): string =>
  table(
    ['ID', 'TOOL', 'FOR', 'STATE', 'ASKED', 'WHY'],
    requests.map((one) => [
      one.id,
      one.tool,
      one.subject.name === '' ? one.subject.id : one.subject.name,
      one.state,
      toSeconds(one.createdAt),
      one.justification.replaceAll(/\s+/g, ' ').slice(0, 60),
    ]),
  );
