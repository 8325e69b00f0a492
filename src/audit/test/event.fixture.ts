import type { AuditEvent } from '#contract';

/** A tool call like many. */
export function event(overrides: Partial<AuditEvent> = {}): AuditEvent {
  return {
    class: 'tool-call',
    type: 'tool.call',
    door: 'mcp',
    actor: { kind: 'agent', iss: 'chatelaine', sub: 'agent-1', name: 'booking-bot' },
    action: 'call',
    object: { kind: 'tool', namespace: 'default', name: 'search-flights' },
    outcome: 'success',
    ...overrides,
  };
}
