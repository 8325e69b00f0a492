import type { Writable } from 'node:stream';
import { serveStdio, type Gateway } from '#gateway';
import { localUser } from '#identity';
import { untilStopped } from './until-stopped.ts';
import type { Running } from './running.ts';

/** Over standard input and output: ends when the input does, or on a signal. */
export async function serveOneClient(gateway: Gateway, output: Writable, running: Running): Promise<void> {
  const { options, configured, settings } = running;
  const principal = localUser({
    scopes: options.scope ?? [],
    ...(options.namespace !== undefined && { namespace: options.namespace }),
  });
  const place = () => configured.place(principal.namespace, options.toolset);
  place();
  const stop = new AbortController();
  void untilStopped().then(() => {
    gateway.drain();
    stop.abort();
  });
  await serveStdio({
    input: process.stdin,
    output,
    services: gateway.services,
    principal,
    place,
    maxLineBytes: settings.limits.maxBodyBytes,
    graceMs: settings.limits.shutdownGrace,
    stop: stop.signal,
  });
}
