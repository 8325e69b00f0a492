/** What comes to the pipeline, whichever door it came through. */
import type { CallingClient } from '#contract';
import type { JsonObject, Secret } from '#kernel';
import type { Admission } from '#registry';
import type { Group, NamespaceView } from '#toolbox';
import type { Asked, Recorded } from './call-record.ts';
import type { DoorGuard } from './door-guard.ts';

export type Door = 'mcp' | 'rest' | 'invoke';

/** What the caller came with, for what is fetched in their name. */
interface Presented {
  /** A token of ours, of a sign-in: undefined for whoever came with something else. Tools never see it. */
  readonly subjectToken?: Secret | undefined;
}

export interface CallRequest extends Recorded, Presented {
  readonly view: NamespaceView;
  readonly group: Group;
  readonly name: string;
  readonly arguments: JsonObject;
  /** Values of `secure` parameters, where the door has a channel for them. */
  readonly secureArguments: JsonObject | undefined;
  readonly client: CallingClient;
  readonly signal: AbortSignal;
  /** Undefined where nobody can bring tokens: at standard input and on the command line. */
  readonly guard: DoorGuard | undefined;
  /** Told once limits have let the call in, for doors that show how they stand. */
  admitted?(admission: Admission): void;
}

/** What is no call but runs code all the same: a prompt, a resource, a completion. */
export interface Consultation extends Recorded, Presented {
  readonly asked: Asked;
  readonly view: Pick<NamespaceView, 'name' | 'groups' | 'masks'>;
  readonly client: CallingClient;
  readonly signal: AbortSignal;
}
