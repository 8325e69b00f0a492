import type { Clock } from '#kernel';
import type { CurrentPolicies, Decision, Places, PolicySet } from '#policy';
import type { ToolStandings } from '#registry';
import type { Group, NamespaceView, Tool } from '#toolbox';
import { gatewayError } from '../errors.ts';
import { offeredTo } from '../pipeline/offered-to.ts';
import { standingFor } from '../pipeline/standing-tools.ts';
import type { SeenLabels } from '../shaping/index.ts';
import { listedFor } from '../pipeline/visible.ts';
import { callerEntity, toolIn } from './entities.ts';
import { allowedOf } from './listed-tools.ts';
import { ToolQuestion, type Viewer } from './question.ts';

export type { Viewer };

/** What of a call the decision may begin with. */
export interface Asking extends Viewer {
  readonly view: NamespaceView;
}

/** Policies, as calls and lists ask them. */
export class Decisions {
  readonly #policies: CurrentPolicies;
  readonly #places: Places | undefined;
  readonly #clock: Clock;
  readonly #seen: SeenLabels;
  readonly #standings: ToolStandings | undefined;

  /** Without places, policies that look at one decide about callers without an address alone. */
  constructor(policies: CurrentPolicies, clock: Clock, seen: SeenLabels, places?: Places, standings?: ToolStandings) {
    this.#policies = policies;
    this.#seen = seen;
    this.#places = places;
    this.#clock = clock;
    this.#standings = standings;
  }

  /** The policies of now: taken once a call. A promise only as long as they have to be loaded. */
  current(): PolicySet | Promise<PolicySet> {
    const set = this.#policies.current();
    return set instanceof Promise ? set.then((loaded) => this.#withPlaces(loaded)) : this.#withPlaces(set);
  }

  #withPlaces(set: PolicySet): PolicySet | Promise<PolicySet> {
    const loading = this.#places?.loading(set.places);
    return loading === undefined ? set : loading.then(() => set);
  }

  question(asking: Asking, tool: Tool): ToolQuestion {
    const entities = {
      principal: callerEntity(asking.principal, tool.namespace),
      tool: toolIn(asking.view, tool).entity,
    };
    return new ToolQuestion(asking, tool, entities, this.#clock.now(), this.#seen);
  }

  toolsetsOf(view: NamespaceView, tool: Tool): readonly string[] {
    return toolIn(view, tool).toolsets;
  }

  /** What lists show: what the caller may call now with some arguments, or could with more scopes. */
  listed(viewer: Viewer, view: NamespaceView, group: Group): Group | Promise<Group> {
    const fit = this.#standings === undefined ? group : standingFor(this.#standings, viewer.principal, group);
    const seen = listedFor(viewer.principal, offeredTo(viewer.principal, fit));
    const set = this.current();
    if (set instanceof Promise)
      return set.then((loaded) => allowedOf(loaded, viewer, view, seen, this.#clock.now(), this.#seen));
    return allowedOf(set, viewer, view, seen, this.#clock.now(), this.#seen);
  }
}

/** Throws `POLICY_DENIED` unless the decision allows the call. The caller is told nothing of the policies. */
export function obey(decision: Decision, name: string): void {
  if (decision.allowed) return;
  throw gatewayError('POLICY_DENIED', `the policies do not allow this call of \`${name}\``);
}
