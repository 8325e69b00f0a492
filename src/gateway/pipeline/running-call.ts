import type { CallerFace, CallingClient, ClientFace, PageToOpen, Principal } from '#contract';
import type { Logger, Secret } from '#kernel';
import type { HeldCall, JudgedCall } from '#registry';
import type { Tool, ToolArguments, ToolCall } from '#toolbox';
import type { Decisions } from '../decisions/decisions.ts';
import type { CallShaping } from '../shaping/index.ts';
import type { CallRecord } from './call-record.ts';
import { CallerBehind } from './caller-face.ts';
import type { CallerGrants } from './caller-grants.ts';
import type { CallRequest, Door } from './call-request.ts';

/**
 * A call as its tool sees it. The client and the signal are read late: most calls need neither, and
 * making them costs.
 *
 * A class and no literal with accessors, here and in the requests of the doors: a literal's accessors
 * are new functions each time, so V8 gives each such object a hidden class of its own, in the old
 * generation, and everything the call touched stays there until the next full collection.
 */
export class Consulted implements ToolCall {
  readonly log: Logger;
  readonly #request: Called;
  readonly #around: Surroundings;
  #client: ClientFace | undefined;
  #caller: CallerFace | undefined;

  constructor(request: Called, around: Surroundings) {
    this.#request = request;
    this.#around = around;
    this.log = around.log;
  }

  get client(): ClientFace {
    return (this.#client ??= this.#clientOf(this.#request.client));
  }

  get caller(): CallerFace {
    const { principal, subjectToken } = this.#request;
    return (this.#caller ??= new CallerBehind({ principal, subjectToken, grants: this.#around.grants }));
  }

  #clientOf(face: ClientFace): ClientFace {
    const { record, shaped } = this.#around;
    return record.client(shaped?.client(face) ?? face);
  }

  get signal(): AbortSignal {
    return this.#around.held?.signal(this.#request.signal) ?? this.#request.signal;
  }
}

/** Whoever called: the client and the signal, and in whose name. */
interface Called {
  readonly principal: Principal;
  readonly subjectToken?: Secret | undefined;
  readonly client: CallingClient;
  readonly signal: AbortSignal;
}

interface Surroundings {
  readonly record: CallRecord;
  readonly shaped: Pick<CallShaping, 'client'> | undefined;
  readonly log: Logger;
  readonly held: HeldCall | undefined;
  readonly grants: CallerGrants | undefined;
}

/** The call of a tool, as the tool sees it and those who decide about it. */
export class RunningCall extends Consulted implements JudgedCall {
  readonly tool: Tool;
  readonly arguments: ToolArguments;
  /** Why the round ends by asking the person at the client to open a page, as the code of an error; else undefined. */
  sentToPageFor: string | undefined;
  readonly #request: CallRequest;
  readonly #decisions: Decisions;

  constructor(
    request: CallRequest,
    tool: Tool,
    args: ToolArguments,
    around: Surroundings & { readonly decisions: Decisions },
  ) {
    super(request, around);
    this.tool = tool;
    this.arguments = args;
    this.#request = request;
    this.#decisions = around.decisions;
  }

  get principal(): CallRequest['principal'] {
    return this.#request.principal;
  }

  get toolsets(): readonly string[] {
    return this.#decisions.toolsetsOf(this.#request.view, this.tool);
  }

  get door(): Door {
    return this.#request.door;
  }

  get requestId(): string {
    return this.#request.requestId;
  }

  get peer(): CallRequest['peer'] {
    return this.#request.peer;
  }

  openPage(page: PageToOpen, why = 'APPROVAL_REQUIRED'): Promise<void> {
    this.sentToPageFor = why;
    return this.#request.client.openPage(page);
  }
}
