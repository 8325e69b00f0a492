import type { CatalogueTool, PinMode } from '#contract';
import type { JsonObject } from '#kernel';
import type { Finding } from './findings.ts';
import type { PendingTerms } from './second-person.ts';

export interface ToolName {
  readonly namespace: string;
  readonly name: string;
}

/**
 * Why a pin stands as it does. Approved: `file` (the file says it), `first-use`, `publication` (its author, with
 * nothing suspicious), `review` (a second person), `off`. Quarantined: `changed`, `findings`, `review` (every new
 * definition waits), `second-person` (policy wants the yes of others), `rejected`, `held` (somebody stopped it, whatever its definition).
 */
export type PinWhy =
  | 'file'
  | 'first-use'
  | 'publication'
  | 'review'
  | 'off'
  | 'changed'
  | 'findings'
  | 'second-person'
  | 'rejected'
  | 'held';

/** How a tool stands, as much of it as every call asks. */
export interface PinStanding extends ToolName {
  readonly state: 'approved' | 'quarantined';
  readonly why: PinWhy;
  /** Of the approved definition. */
  readonly digest: string | undefined;
  /** Of the one that waits. */
  readonly pendingDigest: string | undefined;
  readonly generation: number;
}

export interface Pin extends PinStanding {
  readonly definition: JsonObject | undefined;
  /** `file`, `first use`, or who. */
  readonly approvedBy: string | undefined;
  readonly approvedAt: number | undefined;
  readonly pendingDefinition: JsonObject | undefined;
  readonly pendingAuthor: string | undefined;
  /** Undefined where nobody is known to have made it. */
  readonly pendingTerms: PendingTerms | undefined;
  readonly findings: readonly Finding[];
  readonly note: string;
  readonly changedAt: number;
}

export type Verdict =
  | { readonly state: 'approved'; readonly why: 'first-use' | 'publication' | 'off' }
  | { readonly state: 'quarantined'; readonly why: 'changed' | 'findings' | 'review' };

/**
 * What becomes of a definition that no file vouches for. `known`: the approved digest, or undefined before there
 * was one. `isPublication`: its author has just published it, and answers for the change. Pure.
 */
export function judgeDefinition({
  mode,
  known,
  findings,
  isPublication,
}: {
  readonly mode: PinMode;
  readonly known: string | undefined;
  readonly findings: readonly Finding[];
  readonly isPublication: boolean;
}): Verdict {
  if (mode === 'off') return { state: 'approved', why: 'off' };
  if (mode === 'review') return { state: 'quarantined', why: 'review' };
  if (!isPublication && known !== undefined) return { state: 'quarantined', why: 'changed' };
  if (findings.length > 0) return { state: 'quarantined', why: 'findings' };
  return { state: 'approved', why: isPublication ? 'publication' : 'first-use' };
}

/** Whether what callers see of the tool stands word for word in what the operator or a publisher wrote. */
export const isVouchedFor = (tool: CatalogueTool): boolean =>
  tool.definedBy === 'document' && tool.origin === 'declared';

export const keyOf = ({ namespace, name }: ToolName): string => `${namespace}/${name}`;
