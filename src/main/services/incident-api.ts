import type { Route } from '#http';
import type { Clock } from '#kernel';
import { loadIncidentRoutes, type ContainmentsParts } from '#registry';
import type { Services } from './open-services.ts';

export interface IncidentApiOptions extends Pick<
  ContainmentsParts,
  'endGrants' | 'endCredentials' | 'here' | 'severalHosts'
> {
  readonly clock: Clock;
}

/** Statistics, alerts, and containing: whoever is contained loses the grants and credentials that they hold, too. */
export async function incidentApi(
  { database, audit, identity, users }: Services,
  { clock, ...endings }: IncidentApiOptions,
): Promise<readonly Route[]> {
  const { statisticsRoutes, alertRoutes, containmentRoutes, Containments } = await loadIncidentRoutes();
  const { frame, agents, namespaces } = identity;
  const containments = new Containments({ frame, trail: audit, agents, namespaces, users, ...endings });
  return [
    ...statisticsRoutes({ database, clock }),
    ...alertRoutes({ frame }),
    ...containmentRoutes({ database, containments }),
  ];
}
