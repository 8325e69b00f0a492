import type { Logger } from '#kernel';
import type { CallObserver } from '../pipeline/call-observer.ts';

/** As long as the name of a tool can be. */
const LONGEST_NAME = 128;

/** A line per call in the log: failures at `info`, the rest at `debug`. Arguments never stand in it. */
export function callLog(log: Logger): CallObserver {
  return {
    called({ request, tool, outcome, durationMs }) {
      const level = outcome === 'ok' ? 'debug' : 'info';
      if (!log.isLevelEnabled(level)) return;
      log[level](
        {
          event: 'tool.call',
          requestId: request.requestId,
          door: request.door,
          namespace: request.view.name,
          // An unknown name is the caller's text, of any length.
          tool: tool?.name ?? request.name.slice(0, LONGEST_NAME),
          principal: `${request.principal.kind}:${request.principal.name}`,
          outcome,
          durationMs: Math.round(durationMs * 100) / 100,
        },
        outcome === 'ok' ? 'tool called' : 'tool call refused or failed',
      );
    },
  };
}
