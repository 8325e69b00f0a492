/**
 * Tools that publishers register: made, changed, restored and taken away, each on record, with every document kept.
 * What is published is pinned at once; what is suspicious about it waits for a second person.
 */
import type { ToolStatus } from '#contract';
import type { DatabaseOrTransaction } from '#db';
import type { Author, ChangeFrame } from '#identity';
import { newId } from '#kernel';
import type { PinBoard } from '../pins/pin-board.ts';
import type { ToolName } from '../pins/pin.ts';
import {
  deleteTool,
  findTool,
  insertRevision,
  insertTool,
  listRevisions,
  listTools,
  moveRegistryVersion,
  updateTool,
} from '../store/tools-store.ts';
import { checkDocument, type CheckedTool } from './check-document.ts';
import { toolError, unknownTool } from './errors.ts';
import type { Lint } from './lints.ts';
import { authorOfTool, authorText, type RegisteredTool, type ToolRevision } from './registered-tool.ts';
import type { RunningTools } from './running-tools.ts';

/** What a publication gave. */
export interface Published {
  readonly tool: RegisteredTool;
  readonly warnings: readonly Lint[];
}

export interface NewDocument extends ToolName {
  /** YAML or JSON, one document of `kind: tool`. */
  readonly document: string;
  readonly reason?: string | undefined;
}

/** Throws unless the request is meant for the tool as it is. */
type CheckCurrent = (current: RegisteredTool | undefined) => void;

export interface ToolRegistryParts {
  readonly frame: ChangeFrame;
  readonly pins: PinBoard;
  /** Undefined where no configuration is known: then nothing can be published. */
  readonly running: RunningTools | undefined;
}

export class ToolRegistry {
  readonly #frame: ChangeFrame;
  readonly #pins: PinBoard;
  readonly #running: RunningTools | undefined;
  #refreshing: Promise<void> = Promise.resolve();

  constructor({ frame, pins, running }: ToolRegistryParts) {
    this.#frame = frame;
    this.#pins = pins;
    this.#running = running;
  }

  list(): Promise<readonly RegisteredTool[]> {
    return listTools(this.#frame.database.db);
  }

  find(name: ToolName): Promise<RegisteredTool | undefined> {
    return findTool(this.#frame.database.db, name);
  }

  /** Every document of a registered tool, newest first. Throws `REGISTERED_TOOL_UNKNOWN`, `TOOL_DECLARED`. */
  async revisions(name: ToolName): Promise<readonly ToolRevision[]> {
    const { db } = this.#frame.database;
    return await listRevisions(db, (await this.#registered(db, name)).id);
  }

  /** What would be said of a document, without registering it. Throws as `register` does. */
  async check(
    by: Author,
    { namespace, name, document }: NewDocument,
    status: ToolStatus = 'active',
  ): Promise<CheckedTool> {
    const owner = authorOfTool(by.principal);
    const existing = await this.find({ namespace, name });
    return await checkDocument(this.#known(), {
      ...{ namespace, name, text: document },
      registration: {
        id: existing?.id ?? 'new',
        revision: (existing?.revision ?? 0) + 1,
        owner: existing?.owner ?? owner,
      },
      entry: {
        owner: ownerText(existing?.owner ?? owner),
        status: existing?.status ?? status,
        replacedBy: existing?.replacedBy,
      },
    });
  }

  /** The documents that an OpenAPI description comes to on a source. Throws `TOOL_DOCUMENT_REFUSED`. */
  async operations(
    text: string,
    source: string,
  ): Promise<readonly { readonly name: string; readonly document: string }[]> {
    const found = await this.#known().operations(text, source);
    if (!found.ok) throw toolError('TOOL_DOCUMENT_REFUSED', found.error);
    return found.value.map(({ name, document }) => ({ name, document: JSON.stringify(document, null, 2) }));
  }

  /**
   * Registers a tool. Throws `TOOL_DOCUMENT_REFUSED`, `TOOL_DECLARED`, `TOOL_NAME_TAKEN`, `TOOL_NAME_CONFUSABLE`,
   * `TOOL_CONFIGURATION_NEEDED`, and as `ChangeFrame` does.
   */
  async register(by: Author, given: NewDocument & { readonly status?: ToolStatus | undefined }): Promise<Published> {
    const { namespace, name, document, reason = '', status = 'active' } = given;
    const checked = await this.check(by, given, status);
    const now = this.#frame.clock.now();
    const owner = authorOfTool(by.principal);
    const { version } = checked.tool.entry;
    const judged = await this.#pins.judge(by, checked.tool);
    const tool: RegisteredTool = {
      ...{ id: newId(now), namespace, name, revision: 1, document, version, status, replacedBy: undefined, owner },
      ...{ generation: 1, createdAt: now, changedAt: now },
    };
    await this.#changed(by, 'tool.register', tool, { reason }, async (trx) => {
      this.#frame.check(by, 'tool.publish', { namespace, missing: () => unknownTool(given) });
      if ((await findTool(trx, given)) !== undefined) {
        throw toolError('TOOL_NAME_TAKEN', `the namespace \`${namespace}\` has a registered tool \`${name}\``);
      }
      const first = { revision: 1, version, document, author: owner, reason, restoredFrom: undefined, createdAt: now };
      await insertTool(trx, tool, first);
      return { value: tool, details: await this.#pins.publish(trx, checked.tool, { author: owner, judged }, now) };
    });
    return { tool, warnings: checked.warnings };
  }

  /** Puts a new document in the place of the one that runs. Throws as `register` does, and `REGISTERED_TOOL_UNKNOWN`. */
  update(by: Author, given: NewDocument, checkCurrent: CheckCurrent): Promise<Published> {
    return this.#publish(by, 'tool.update', given, checkCurrent, undefined);
  }

  /** Puts the document of an earlier revision in its place: a new revision, and checked as one. */
  async restore(
    by: Author,
    {
      namespace,
      name,
      revision,
      reason,
    }: ToolName & { readonly revision: number; readonly reason?: string | undefined },
    checkCurrent: CheckCurrent,
  ): Promise<Published> {
    const found = (await this.revisions({ namespace, name })).find((one) => one.revision === revision);
    if (found === undefined) throw toolError('TOOL_REVISION_UNKNOWN', `\`${name}\` has no revision ${revision}`);
    const given = { namespace, name, document: found.document, reason };
    return await this.#publish(by, 'tool.restore', given, checkCurrent, found);
  }

  /** Changes how far the tool is to be trusted, without a new document. */
  async setStatus(
    by: Author,
    given: ToolName & {
      readonly status: ToolStatus;
      readonly replacedBy?: string | undefined;
      readonly reason?: string | undefined;
    },
    checkCurrent: CheckCurrent,
  ): Promise<RegisteredTool> {
    const { status, replacedBy, reason = '' } = given;
    return await this.#changed(by, 'tool.set-status', given, { reason, status }, async (trx) => {
      const current = await this.#owned(trx, by, given);
      checkCurrent(current);
      const changed = {
        ...current,
        status,
        replacedBy: status === 'deprecated' ? replacedBy : undefined,
        ...this.#next(current),
      };
      await updateTool(trx, changed);
      return { value: changed };
    });
  }

  /** Takes a tool away, with its history. The name is free; its pin is remembered for whoever takes it next. */
  async remove(by: Author, name: ToolName, reason: string, checkCurrent: CheckCurrent): Promise<void> {
    await this.#changed(by, 'tool.delete', name, { reason }, async (trx) => {
      const current = await this.#owned(trx, by, name);
      checkCurrent(current);
      await deleteTool(trx, current.id);
      return { value: undefined, objectId: current.id };
    });
  }

  /** Takes up what this or another process changed. One at a time; the last sees everything. */
  refresh(): Promise<void> {
    const next = this.#refreshing.then(async () => {
      const tools = await this.list();
      await this.#pins.reload();
      await this.#running?.apply(tools);
    });
    this.#refreshing = next.catch(() => undefined);
    return next;
  }

  async #publish(
    by: Author,
    type: 'tool.update' | 'tool.restore',
    given: NewDocument,
    checkCurrent: CheckCurrent,
    restored: ToolRevision | undefined,
  ): Promise<Published> {
    const { document, reason = '' } = given;
    await this.#registered(this.#frame.database.db, given);
    const checked = await this.check(by, given);
    const author = authorOfTool(by.principal);
    const judged = await this.#pins.judge(by, checked.tool);
    const publication = { author, also: restored?.author, judged };
    const tool = await this.#changed(by, type, given, { reason }, async (trx) => {
      const current = await this.#owned(trx, by, given);
      checkCurrent(current);
      const { version } = checked.tool.entry;
      const changed = { ...current, ...this.#next(current), revision: current.revision + 1, document, version };
      const { revision, changedAt: createdAt } = changed;
      await insertRevision(trx, current.id, {
        revision,
        version,
        document,
        author,
        reason,
        restoredFrom: restored?.revision,
        createdAt,
      });
      await updateTool(trx, changed);
      return { value: changed, details: await this.#pins.publish(trx, checked.tool, publication, createdAt) };
    });
    return { tool, warnings: checked.warnings };
  }

  async #changed<Value>(
    by: Author,
    type: string,
    { namespace, name }: ToolName,
    { reason, ...details }: { readonly reason: string; readonly status?: string },
    work: (trx: DatabaseOrTransaction) => Promise<{
      readonly value: Value;
      readonly objectId?: string;
      readonly details?: Record<string, string | number>;
    }>,
  ): Promise<Value> {
    const change = {
      ...{ type, action: type.slice('tool.'.length) },
      object: { kind: 'tool', namespace: namespace.slice(0, 128), name: name.slice(0, 128) },
      details: { ...details, ...(reason !== '' && { reason: reason.slice(0, 200) }) },
    };
    const value = await this.#frame.inTransaction(by, change, async (trx) => {
      const outcome = await work(trx);
      await moveRegistryVersion(trx);
      return outcome;
    });
    await this.refresh();
    return value;
  }

  #next = (current: RegisteredTool) => ({ generation: current.generation + 1, changedAt: this.#frame.clock.now() });

  async #registered(db: DatabaseOrTransaction, name: ToolName): Promise<RegisteredTool> {
    const found = await findTool(db, name);
    if (found !== undefined) return found;
    if (this.#running?.isDeclared(name) === true) {
      throw toolError('TOOL_DECLARED', `\`${name.name}\` is declared in a file`);
    }
    throw unknownTool(name);
  }

  /** The tool, for its owner and administrators; an owner must still be a publisher. */
  async #owned(db: DatabaseOrTransaction, by: Author, name: ToolName): Promise<RegisteredTool> {
    const found = await findTool(db, name);
    const { namespace } = name;
    const missing = () => unknownTool(name);
    const own = found !== undefined && authorText(found.owner) === authorText(authorOfTool(by.principal));
    this.#frame.check(by, 'tool.change', { namespace, own, missing });
    if (own) this.#frame.check(by, 'tool.publish', { namespace, missing });
    return found ?? (await this.#registered(db, name));
  }

  #known(): RunningTools {
    if (this.#running !== undefined) return this.#running;
    throw toolError('TOOL_CONFIGURATION_NEEDED', 'no configuration is known here');
  }
}

/** As `owner:` of a document has it. */
export const ownerText = ({ kind, sub }: { readonly kind: string; readonly sub: string }): string => `${kind}:${sub}`;
