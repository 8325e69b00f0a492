import type { ToolStandings } from '#registry';
import type { ToolboxSnapshot } from '#toolbox';
import type { ToolboxHolder } from '../gateway-options.ts';
import type { Changes } from './changes.ts';

/** Tells those who listen for changes of the toolbox: of the next snapshot, and of tools that were let go or stopped. */
export function announceChanges(toolbox: ToolboxHolder, standings: ToolStandings | undefined, changes: Changes): void {
  let announced = toolbox.current();
  let quarantined = quarantinedIn(standings, announced);
  toolbox.onChange((snapshot) => {
    changes.announce(announced, snapshot);
    announced = snapshot;
    quarantined = quarantinedIn(standings, announced);
  });
  standings?.onChange(() => {
    const now = quarantinedIn(standings, announced);
    for (const [namespace, names] of now) if (quarantined.get(namespace) !== names) changes.tell(namespace, 'tools');
    quarantined = now;
  });
}

/** The tools that nobody may call, by namespace. */
const quarantinedIn = (
  standings: ToolStandings | undefined,
  { namespaces }: ToolboxSnapshot,
): ReadonlyMap<string, string> =>
  new Map(
    standings === undefined
      ? []
      : Array.from(namespaces.values(), ({ name, tools }) => [
          name,
          [...tools.values()].flatMap((tool) => (standings.refusal(tool) === undefined ? [] : [tool.name])).join(' '),
        ]),
  );
