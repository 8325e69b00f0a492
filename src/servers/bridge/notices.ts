import { LOG_LEVELS, type ClientFace, type McpLogLevel } from '#contract';
import type { JsonObject } from '#kernel';

/** Tells the client what a server says while it works on the client's request; drops what no client expects there. */
export function tellClient(client: ClientFace, method: string, params: JsonObject): void {
  if (method === 'notifications/progress') {
    const { progress, total, message } = params;
    if (typeof progress !== 'number') return;
    client.progress(
      progress,
      typeof total === 'number' ? total : undefined,
      typeof message === 'string' ? message : undefined,
    );
  } else if (method === 'notifications/message') {
    const { level, data, logger } = params;
    if (!(LOG_LEVELS as readonly unknown[]).includes(level) || data === undefined) return;
    client.log(level as McpLogLevel, data, typeof logger === 'string' ? logger : undefined);
  }
}
