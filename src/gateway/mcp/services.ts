import type { Clock, Logger } from '#kernel';
import type { Catalog } from '../catalog.ts';
import type { Pipeline } from '../pipeline/call.ts';
import type { Changes } from './changes.ts';
import type { Lists } from './lists.ts';
import type { OpenStreams } from './open-streams.ts';
import type { RequestStates } from './request-state.ts';
import type { Sessions } from './sessions.ts';

/** What the MCP methods share; made once, in `gateway.ts`. */
export interface McpServices {
  readonly pipeline: Pipeline;
  readonly lists: Lists;
  readonly catalog: Catalog;
  /** From how many tools on they are found instead of listed, where a group says nothing of it. */
  readonly progressiveFrom: number;
  readonly sessions: Sessions;
  readonly states: RequestStates;
  /** The id of this process, where there are others beside it. */
  readonly self: string | undefined;
  readonly changes: Changes;
  readonly streams: OpenStreams;
  readonly clock: Clock;
  readonly log: Logger;
  /** For groups that describe themselves by nothing. */
  readonly instructions: string | undefined;
  readonly serverInfo: { readonly name: string; readonly title: string; readonly version: string };
}
