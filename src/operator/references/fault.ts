/** Why an object cannot be what it says, because of the others: reasons for its condition `Ready`, and for a refusal. */

/** What the webhook makes of each. See adr/0062: whatever may be cured by what is applied next is a warning. */
export const REFERENCE_REASONS = {
  /** Of two that claim one resource the older has it. */
  ResourceUrlTaken: 'refuse',
  /** The MCPAuthServer does not let this namespace claim this host. */
  ResourceUrlNotAllowed: 'refuse',
  /** Another MCPAuthServer is this issuer. */
  IssuerTaken: 'refuse',
  /** What is named is not there, so far. */
  RefNotFound: 'warn',
  /** It is there or may come, and this object may not refer to it. */
  RefNotPermitted: 'refuse',
  /** The MCPAuthServer has no such upstream, so far. */
  UpstreamUnknown: 'warn',
  /** Several upstreams, and nothing says which. */
  UpstreamAmbiguous: 'warn',
  /** The MCPServer that a gateway says something of is not of its group. */
  NotInGroup: 'warn',
  /** Two references lead to two authorization servers. */
  AuthServerAmbiguous: 'refuse',
} as const satisfies Record<string, 'refuse' | 'warn'>;

export type ReferenceReason = keyof typeof REFERENCE_REASONS;

export interface ReferenceFault {
  readonly reason: ReferenceReason;
  /** Such as `spec.authServerRef.name`. */
  readonly path: string;
  /** What is wrong, and what to do. */
  readonly message: string;
}

/** Whether it stands until somebody changes something else than what is missing. */
export const isRefusal = ({ reason }: ReferenceFault): boolean => REFERENCE_REASONS[reason] === 'refuse';
