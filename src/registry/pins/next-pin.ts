/**
 * What becomes of a pin: when its tool's author publishes a definition, when one is met that nobody published, when
 * a person decides, when somebody stops the tool. Pure.
 */
import type { CatalogueTool, PinMode } from '#contract';
import type { JsonObject } from '#kernel';
import { diffDefinitions, type DefinitionChange } from './diff.ts';
import { findingsIn, findingsOf } from './findings.ts';
import { isVouchedFor, judgeDefinition, type Pin, type ToolName } from './pin.ts';
import type { PendingTerms } from './second-person.ts';

/** A definition, and what is known of how it came. */
export interface MetDefinition {
  readonly tool: CatalogueTool;
  readonly mode: PinMode;
  readonly digest: string;
  readonly definition: JsonObject;
  /** From what was approved before; none where nothing was. */
  readonly changes: readonly DefinitionChange[];
}

/** From what the pin approves to a definition that was met. */
export const changesTo = (before: Pin | undefined, definition: JsonObject): readonly DefinitionChange[] =>
  before?.definition === undefined ? [] : diffDefinitions(before.definition, definition);

/** Who answers for a definition that is published, and on which terms it comes into use. */
export interface Published {
  readonly author: string;
  readonly terms: PendingTerms;
}

/** Its author has published the definition, and answers for it. */
export function publishedPin(
  before: Pin | undefined,
  met: MetDefinition,
  { author, terms: pendingTerms }: Published,
  now: number,
): Pin {
  const { tool, mode, digest, definition, changes } = met;
  const findings = [...findingsIn(definition), ...findingsOf(changes)];
  const judged = judgeDefinition({ mode, known: before?.digest, findings, isPublication: true });
  const held = before?.why === 'held';
  const next = { ...moved(tool, before, now), findings };
  if (judged.state === 'approved' && !held && pendingTerms.needs.length === 0)
    return { ...approvedPin(next, met, author, now), why: judged.why, findings };
  return {
    ...next,
    state: 'quarantined',
    why: held ? 'held' : judged.state === 'quarantined' ? judged.why : 'second-person',
    ...{ pendingDigest: digest, pendingDefinition: definition, pendingAuthor: author, pendingTerms },
  };
}

/** The definition was met, and nobody published it. */
export function observedPin(before: Pin | undefined, met: MetDefinition, now: number): Pin {
  const { tool, mode, digest, definition, changes } = met;
  const next = moved(tool, before, now);
  const held = before?.why === 'held';
  // A registered document is what its publisher published: whatever else changed stands in a file, or is ours.
  const byFile = tool.definedBy === 'document' && before?.state !== 'quarantined';
  if (byFile || (isVouchedFor(tool) && !held))
    return { ...approvedPin(next, met, 'file', now), why: 'file', findings: [] };
  // Another definition: who said yes to the one before has not seen it.
  const pendingTerms = before?.pendingTerms && { ...before.pendingTerms, yes: [] };
  if (held) return { ...next, pendingDigest: digest, pendingDefinition: definition, pendingTerms };
  // What waits keeps its author, whatever a file has changed around it.
  if (tool.definedBy === 'document')
    return { ...next, pendingDigest: digest, pendingDefinition: definition, pendingTerms };
  const findings = [...findingsIn(definition), ...findingsOf(changes)];
  const verdict = judgeDefinition({ mode, known: before?.digest, findings, isPublication: false });
  if (verdict.state === 'approved')
    return { ...approvedPin(next, met, verdict.why === 'off' ? 'off' : 'first use', now), why: verdict.why, findings };
  return {
    ...{ ...next, ...verdict, findings },
    ...{ pendingDigest: digest, pendingDefinition: definition, pendingAuthor: undefined, pendingTerms: undefined },
  };
}

/** Somebody stopped the tool, whatever its definition. */
export const heldPin = (before: Pin | undefined, name: ToolName, note: string, now: number): Pin => ({
  ...moved(name, before, now),
  ...{ note, state: 'quarantined', why: 'held' },
});

export const approvedPin = (
  pin: Pin,
  { digest, definition }: { readonly digest: string; readonly definition: JsonObject },
  approvedBy: string,
  now: number,
): Pin => ({
  ...pin,
  ...{ state: 'approved', digest, definition, approvedBy, approvedAt: now },
  ...{ pendingDigest: undefined, pendingDefinition: undefined, pendingAuthor: undefined, pendingTerms: undefined },
});

/** What a decision is about: what waits, or what was stopped. */
export function waitingOf(pin: Pin): { readonly digest: string; readonly definition: JsonObject } | undefined {
  if (pin.pendingDigest !== undefined && pin.pendingDefinition !== undefined)
    return { digest: pin.pendingDigest, definition: pin.pendingDefinition };
  if (pin.digest !== undefined && pin.definition !== undefined)
    return { digest: pin.digest, definition: pin.definition };
  return undefined;
}

const moved = (name: ToolName, before: Pin | undefined, now: number): Pin => ({
  ...{ ...blank(name), ...before },
  ...{ changedAt: now, generation: (before?.generation ?? 0) + 1 },
});

const blank = ({ namespace, name }: ToolName): Pin => ({
  ...{ namespace, name, state: 'approved', why: 'file', digest: undefined, definition: undefined },
  ...{ approvedBy: undefined, approvedAt: undefined, pendingDigest: undefined, pendingDefinition: undefined },
  ...{ pendingAuthor: undefined, pendingTerms: undefined, findings: [], note: '', generation: 0, changedAt: 0 },
});
