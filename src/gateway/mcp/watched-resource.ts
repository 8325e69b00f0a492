import type { Resource } from '#toolbox';
import { contextOf } from '../pipeline/caller-face.ts';
import { resourcesOf } from '../pipeline/visible.ts';
import type { Changes } from './changes.ts';
import type { Exchange } from './exchange.ts';

/**
 * Tells of what is at the URI of a resource until the signal aborts, whoever has it by then: a reload puts another
 * object in its place, or another server behind it.
 */
export function watchResource(
  { principal, view, group }: Exchange,
  resource: Resource,
  { changes, told, until }: { readonly changes: Changes; readonly told: () => void; readonly until: AbortSignal },
): void {
  if (until.aborted) return;
  let watched = resource;
  let watching = new AbortController();
  const watch = (): void => watched.watch?.(told, watching.signal);
  watch();
  const stopListening = changes.listen({
    ...{ namespace: view.name, group: group.name === '' ? undefined : group.name, context: contextOf(principal) },
    changed: () => {},
    ended: () => {},
    replaced(next) {
      const found = next && resourcesOf(next).get(resource.uri);
      if (found === undefined || found === watched) return;
      const before = watching;
      watched = found;
      watching = new AbortController();
      // The next before the last ends: a server of both is not told that nobody listens.
      watch();
      before.abort();
    },
  });
  const stop = (): void => {
    stopListening();
    watching.abort();
  };
  until.addEventListener('abort', stop, { once: true });
}
