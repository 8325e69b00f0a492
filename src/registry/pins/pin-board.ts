/**
 * The pins of all tools, kept: what was approved by whom, what waits and why. A changed definition waits here
 * until a person has looked at the difference; what files say is remembered, and its changes are on record.
 */
import type { AuditTrail, CatalogueTool } from '#contract';
import type { Database, DatabaseOrTransaction } from '#db';
import { personBehind, SYSTEM, type Author, type ChangeFrame } from '#identity';
import { err, type JsonObject } from '#kernel';
import { authorOfTool, authorText, parseAuthor, type ToolAuthor } from '../tools/registered-tool.ts';
import { toolError, unknownTool } from '../tools/errors.ts';
import { findPin, listStandings, putPin } from '../store/pins-store.ts';
import { moveRegistryVersion } from '../store/tools-store.ts';
import { definitionOf } from './definition.ts';
import type { DefinitionChange } from './diff.ts';
import {
  approvedPin,
  changesTo,
  heldPin,
  observedPin,
  publishedPin,
  waitingOf,
  type MetDefinition,
} from './next-pin.ts';
import { isVouchedFor, type Pin, type ToolName } from './pin.ts';
import type { JudgedPublication, PublicationJudge } from './publication-judge.ts';
import { agreed, checkPerson, inWords, NO_TERMS, openTerms, type PendingTerms } from './second-person.ts';
import type { Standings } from './standings.ts';

/** What a person looks at before they decide. */
export interface PinReview {
  readonly pin: Pin;
  /** From what was approved to what waits; none where nothing was approved before. */
  readonly changes: readonly DefinitionChange[];
}

export interface PinDecision extends ToolName {
  /** Of the definition that was looked at. */
  readonly digest: string;
  readonly note: string;
}

/** Who brings a definition into use by publishing it. */
export interface Publication {
  readonly author: ToolAuthor;
  /** Whose words it is besides: of an earlier document that is published again. */
  readonly also?: ToolAuthor | undefined;
  /** As `PinBoard.judge` gave it. */
  readonly judged: JudgedPublication;
}

/** How a definition stands after somebody's yes, and whose is still wanted. */
export interface PinOutcome {
  readonly state: Pin['state'];
  readonly open: readonly string[];
}

type Running = { find(name: ToolName): CatalogueTool | undefined } | undefined;

export class PinBoard {
  readonly standings: Standings;
  readonly #frame: ChangeFrame;
  readonly #running: () => Running;
  /** What policies say of bringing a tool into use. */
  readonly judge: PublicationJudge;

  constructor(parts: {
    readonly frame: ChangeFrame;
    readonly standings: Standings;
    readonly running: () => Running;
    readonly judge: PublicationJudge;
  }) {
    this.judge = parts.judge;
    this.#frame = parts.frame;
    this.standings = parts.standings;
    this.#running = parts.running;
  }

  get #database(): Database {
    return this.#frame.database;
  }

  get #trail(): AuditTrail {
    return this.#frame.trail;
  }

  /** Reads how every tool stands. */
  async reload(): Promise<void> {
    this.standings.replace(await listStandings(this.#database.db));
  }

  /** The pin with what changed, for who decides. Throws `REGISTERED_TOOL_UNKNOWN` where there is none. */
  async review(name: ToolName): Promise<PinReview> {
    await this.#observe(name);
    const pin = await findPin(this.#database.db, name);
    if (pin === undefined) throw unknownTool(name);
    return { pin, changes: changesOf(pin) };
  }

  /** Pins what its author publishes, in the transaction of the publication; gives what goes on record. */
  async publish(
    trx: DatabaseOrTransaction,
    tool: CatalogueTool,
    { author, also, judged: policy }: Publication,
    now: number,
  ): Promise<Record<string, string | number>> {
    if (!policy.ok) throw policy.error;
    const needs = policy.value;
    const before = await findPin(trx, tool);
    const digest = this.standings.pinOf(tool);
    if (before?.state === 'approved' && before.digest === digest) return { digest };
    const makers = await this.#makers(trx, [author, ...(also === undefined ? [] : [also])], needs);
    // Whoever publishes once more what waits already does not take it over from who made it.
    const earlier = before?.pendingDigest === digest ? await this.#termsOf(trx, before) : NO_TERMS;
    const terms = { needs, makers: [...new Set([...earlier.makers, ...makers])], yes: [] };
    const met = this.#met(tool, before);
    const pin = publishedPin(before, met, { author: authorText(author), terms }, now);
    await putPin(trx, pin);
    return {
      digest,
      ...(before?.digest !== undefined && { previous: before.digest }),
      ...(pin.state === 'quarantined' && { quarantined: pin.why }),
      ...(needs.length > 0 && { needs: inWords(needs) }),
      ...(met.changes.length > 0 && { changes: wordsOf(met.changes) }),
    };
  }

  /**
   * Approves the definition that was looked at, or says one yes of those that policy wants. Who approves what nobody
   * is known to have made brings it into use, as a publisher does: where policy wants others, they are second.
   * Throws `SECOND_PERSON_NEEDED`, `PUBLICATION_DENIED`, `TOOL_PIN_CHANGED`, `TOOL_PIN_SETTLED`.
   */
  async approve(by: Author, given: PinDecision): Promise<PinOutcome> {
    const wanted = await this.#wanted(by, given);
    return await this.#decide(by, 'approve', given, (pin, waiting, now, terms) => {
      if (!wanted.ok) throw wanted.error;
      const needs = [...new Set([...terms.needs, ...wanted.value])].toSorted();
      const author = authorText(authorOfTool(by.principal));
      const brought: Pin = { ...approvedPin(pin, waiting, author, now), why: 'review' };
      if (needs.length === 0) return brought;
      const waits = { ...pin, pendingDigest: waiting.digest, pendingDefinition: waiting.definition };
      if (pin.pendingAuthor === undefined) {
        return { ...waits, pendingAuthor: author, pendingTerms: { needs, makers: [by.principal.sub], yes: [] } };
      }
      const pendingTerms = agreed({ ...terms, needs }, by.principal, given.namespace);
      return openTerms(pendingTerms).length === 0 ? brought : { ...waits, pendingTerms };
    });
  }

  /** Keeps the definition out: it stays quarantined, and says so. */
  async reject(by: Author, given: PinDecision): Promise<void> {
    await this.#decide(by, 'reject', given, (pin, { digest, definition }) => ({
      ...pin,
      ...{ state: 'quarantined', why: 'rejected', pendingDigest: digest, pendingDefinition: definition },
    }));
  }

  /** What policies want besides of who approves the tool as it runs. */
  async #wanted(by: Author, name: ToolName): Promise<JudgedPublication> {
    const running = this.#running();
    const tool = running?.find(name);
    if (tool !== undefined) return await this.judge(by, tool);
    if (running !== undefined) return err(unknownTool(name));
    const message = 'policies are asked about tools as they run, and none run here';
    return err(toolError('TOOL_CONFIGURATION_NEEDED', message));
  }

  /** Ids of the people behind these. Where others have to be told from them they must be known. */
  async #makers(
    trx: DatabaseOrTransaction,
    authors: readonly ToolAuthor[],
    needs: readonly string[],
  ): Promise<readonly string[]> {
    const people = await Promise.all(authors.map((author) => personBehind(trx, author)));
    if (needs.length > 0 && people.includes(undefined)) {
      const message = `it takes the yes of ${inWords(needs)}, and nobody here is known to answer for who publishes it`;
      throw toolError('SECOND_PERSON_NEEDED', message);
    }
    return people.filter((person) => person !== undefined);
  }

  /** The terms of what waits, with the people who are behind its author now: an agent may have been handed on. */
  async #termsOf(trx: DatabaseOrTransaction, pin: Pin): Promise<PendingTerms> {
    const terms = pin.pendingTerms ?? NO_TERMS;
    const author = pin.pendingAuthor === undefined ? undefined : parseAuthor(pin.pendingAuthor);
    const behind = author && (await personBehind(trx, author));
    return behind === undefined ? terms : { ...terms, makers: [...new Set([...terms.makers, behind])] };
  }

  /** Stops a tool, whatever its definition, until somebody approves it. Twice is as good as once. */
  async hold(by: Author, name: ToolName, note: string): Promise<void> {
    await this.#observe(name);
    await this.#inTransaction(by, 'quarantine', name, { note: note.slice(0, 200) }, async (trx) => {
      this.#frame.check(by, 'tool.quarantine', { namespace: name.namespace, missing: () => unknownTool(name) });
      const before = await findPin(trx, name);
      const tool = this.#running()?.find(name);
      if (before === undefined && tool === undefined) throw unknownTool(name);
      await putPin(trx, heldPin(before, name, note, this.#frame.clock.now()));
      return { value: undefined };
    });
  }

  /**
   * Remembers what runs now: first uses, and what changed since. In slices, since a thousand digests at once would
   * hold everybody up. Gives how many pins it wrote.
   */
  async settle(tools: Iterable<CatalogueTool>, { pause }: { readonly pause: () => Promise<void> }): Promise<number> {
    let written = 0;
    let slice: CatalogueTool[] = [];
    const write = async (): Promise<void> => {
      const news = slice.filter((tool) => this.#isNews(tool));
      slice = [];
      if (news.length > 0) written += await this.#remember(news);
      await pause();
    };
    for (const tool of tools) {
      slice.push(tool);
      if (slice.length === SLICE) await write();
    }
    await write();
    return written;
  }

  /** The tool of that name as it runs here, remembered before somebody decides about it. */
  async #observe(name: ToolName): Promise<void> {
    const tool = this.#running()?.find(name);
    if (tool !== undefined && this.#isNews(tool)) await this.#remember([tool]);
  }

  #isNews(tool: CatalogueTool): boolean {
    const standing = this.standings.standingOf(tool);
    const digest = this.standings.pinOf(tool);
    if (standing === undefined) return tool.registration === undefined;
    return standing.digest !== digest && standing.pendingDigest !== digest;
  }

  /** Writes what is new about these tools, and puts on record what changed. */
  async #remember(tools: readonly CatalogueTool[]): Promise<number> {
    const now = this.#frame.clock.now();
    const events = await this.#database.transaction(async (trx) => {
      const told: { readonly tool: CatalogueTool; readonly pin: Pin; readonly changes: readonly DefinitionChange[] }[] =
        [];
      for (const tool of tools) {
        const before = await findPin(trx, tool);
        const digest = this.standings.pinOf(tool);
        if (before?.digest === digest || before?.pendingDigest === digest) continue;
        const met = this.#met(tool, before);
        const pin = observedPin(before, met, now);
        await putPin(trx, pin);
        told.push({ tool, pin, changes: met.changes });
      }
      if (told.some(({ tool }) => !isVouchedFor(tool))) await moveRegistryVersion(trx);
      return told;
    });
    const matters = events.some(({ tool }) => !isVouchedFor(tool));
    this.standings.add(
      events.map(({ pin }) => pin),
      { matters },
    );
    for (const { tool, pin, changes } of events) {
      // A file that is read for the first time changes nothing.
      if (isVouchedFor(tool) && changes.length === 0) continue;
      await this.#trail.append({
        ...{
          class: 'administration',
          type: pin.state === 'approved' ? 'tool.pinned' : 'tool.quarantined',
          door: 'system',
        },
        ...{ actor: SYSTEM, action: 'pin', outcome: 'success' },
        object: { kind: 'tool', namespace: pin.namespace, name: pin.name },
        details: {
          digest: pin.pendingDigest ?? pin.digest ?? '',
          why: pin.why,
          ...(changes.length > 0 && { changes: wordsOf(changes) }),
        },
      });
    }
    return events.length;
  }

  #met(tool: CatalogueTool, before: Pin | undefined): MetDefinition {
    const definition = definitionOf(tool);
    const { standings } = this;
    return {
      ...{ tool, mode: standings.modeOf(tool), digest: standings.pinOf(tool), definition },
      changes: changesTo(before, definition),
    };
  }

  async #decide(
    by: Author,
    action: 'approve' | 'reject',
    given: PinDecision,
    decided: (
      pin: Pin,
      waiting: { readonly digest: string; readonly definition: JsonObject },
      now: number,
      terms: PendingTerms,
    ) => Pin,
  ): Promise<PinOutcome> {
    const { namespace, name, digest, note } = given;
    await this.#observe(given);
    const details = { digest: digest.slice(0, 64), ...(note !== '' && { note: note.slice(0, 200) }) };
    return await this.#inTransaction(by, action, given, details, async (trx) => {
      this.#frame.check(by, 'tool.approve', { namespace, missing: () => unknownTool(given) });
      const pin = await findPin(trx, given);
      if (pin === undefined) throw unknownTool(given);
      if (pin.state === 'approved') throw toolError('TOOL_PIN_SETTLED', `\`${name}\` is approved as it is`);
      const waiting = waitingOf(pin);
      if (waiting === undefined || waiting.digest !== digest) {
        throw toolError('TOOL_PIN_CHANGED', `what waits of \`${name}\` is \`${waiting?.digest ?? 'nothing'}\``);
      }
      const terms = await this.#termsOf(trx, pin);
      const { principal } = by;
      const { makers } = terms;
      if (principal.kind === 'user' && pin.pendingAuthor === authorText(authorOfTool(principal)))
        checkPerson(principal, [...makers, principal.sub], principal.sub);
      else checkPerson(principal, makers, await personBehind(trx, authorOfTool(principal)));
      const now = this.#frame.clock.now();
      const next = decided(pin, waiting, now, terms);
      await putPin(trx, { ...next, note, generation: pin.generation + 1, changedAt: now });
      const open = next.state === 'approved' || action === 'reject' ? [] : openTerms(next.pendingTerms ?? NO_TERMS);
      return {
        value: { state: next.state, open },
        details: {
          ...(pin.digest !== undefined && { previous: pin.digest }),
          ...(open.length > 0 && { waits: inWords(open) }),
        },
      };
    });
  }

  async #inTransaction<Value>(
    by: Author,
    action: string,
    { namespace, name }: ToolName,
    details: Record<string, string>,
    work: (trx: DatabaseOrTransaction) => Promise<{
      readonly value: Value;
      readonly details?: Readonly<Record<string, string>>;
    }>,
  ): Promise<Value> {
    const object = { kind: 'tool', namespace: namespace.slice(0, 128), name: name.slice(0, 128) };
    const change = { type: `tool.${action}`, action, object, details };
    const value = await this.#frame.inTransaction(by, change, async (trx) => {
      const outcome = await work(trx);
      await moveRegistryVersion(trx);
      return outcome;
    });
    await this.reload();
    return value;
  }
}

const SLICE = 50;

const changesOf = (pin: Pin): readonly DefinitionChange[] =>
  pin.pendingDefinition === undefined ? [] : changesTo(pin, pin.pendingDefinition);

/** As a record takes them: the first, in words. */
const wordsOf = (changes: readonly DefinitionChange[]): string =>
  changes
    .slice(0, 10)
    .map(({ words }) => words)
    .join('; ')
    .slice(0, 500);
