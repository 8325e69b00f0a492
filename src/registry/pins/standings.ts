/**
 * Whether a tool runs, from memory: what every call and every list asks. A tool runs under an approved definition
 * alone. What a file says word for word the file has approved; what code or a publisher says, this has.
 */
import type { CalledTool, CatalogueTool, PinMode, Principal } from '#contract';
import { hasRole } from '#contract';
import type { ChatelaineError } from '#kernel';
import { isSameAuthor, authorOfTool } from '../tools/registered-tool.ts';
import { toolError } from '../tools/errors.ts';
import { definitionOf, digestOf } from './definition.ts';
import { findingsIn } from './findings.ts';
import { isVouchedFor, judgeDefinition, keyOf, type PinStanding } from './pin.ts';

interface Known {
  readonly generation: number;
  readonly refusal: ChatelaineError | undefined;
}

export class Standings {
  readonly #usual: PinMode;
  /** By the object itself: a snapshot keeps its tools, and they go with it. */
  readonly #digests = new WeakMap<CalledTool, string>();
  readonly #known = new WeakMap<CalledTool, Known>();
  readonly #listeners = new Set<() => void>();
  #byName = new Map<string, PinStanding>();
  #generation = 0;

  /** `usual`: what holds for tools whose source says nothing of its own. */
  constructor(usual: PinMode) {
    this.#usual = usual;
  }

  /** Moves whenever some tool may stand differently. */
  get version(): number {
    return this.#generation;
  }

  /** Takes the pins as they are now in the place of all that were. */
  replace(standings: Iterable<PinStanding>): void {
    this.#byName = new Map(Array.from(standings, (one) => [keyOf(one), one]));
    this.#moved();
  }

  /** Takes those that were written. `matters`: some tool may stand differently by it. */
  add(standings: Iterable<PinStanding>, { matters }: { readonly matters: boolean }): void {
    for (const one of standings) this.#byName.set(keyOf(one), one);
    if (matters) this.#moved();
  }

  standingOf(tool: Pick<CalledTool, 'namespace' | 'name'>): PinStanding | undefined {
    return this.#byName.get(keyOf(tool));
  }

  modeOf(tool: CatalogueTool): PinMode {
    return tool.pins ?? this.#usual;
  }

  /** Calls back whenever `version` moves; gives what stops it. */
  onChange(listener: () => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  /** The digest of its definition, worked out once. */
  pinOf(tool: CalledTool): string {
    let digest = this.#digests.get(tool);
    if (digest === undefined) this.#digests.set(tool, (digest = digestOf(definitionOf(tool as CatalogueTool))));
    return digest;
  }

  /** Why the tool does not run, whoever calls it; undefined where it does. */
  refusal(tool: CalledTool): ChatelaineError | undefined {
    const known = this.#known.get(tool);
    if (known?.generation === this.#generation) return known.refusal;
    const why = this.#quarantine(tool as CatalogueTool);
    const refusal =
      why === undefined ? undefined : toolError('TOOL_QUARANTINED', `\`${tool.name}\` is quarantined: ${why}`);
    this.#known.set(tool, { generation: this.#generation, refusal });
    return refusal;
  }

  /** Whether it is a decoy, or a draft of somebody else: for that caller it is not there. */
  isHidden(tool: CalledTool, principal: Principal): boolean {
    const { entry, registration } = tool as CatalogueTool;
    if (entry.decoy) return true;
    if (entry.status !== 'draft') return false;
    if (registration !== undefined && isSameAuthor(registration.owner, authorOfTool(principal))) return false;
    const { namespace } = tool;
    return !hasRole(principal, namespace, 'tool_publisher') && !hasRole(principal, namespace, 'admin');
  }

  /** What a caller may be told: why nobody gets through, and nothing of what changed. */
  #quarantine(tool: CatalogueTool): string | undefined {
    if (tool.entry.status === 'quarantined') return 'it is taken out of use';
    const standing = this.#byName.get(keyOf(tool));
    if (standing?.why === 'held') return 'somebody stopped it';
    if (isVouchedFor(tool)) return undefined;
    // The row is written with the tool: without one somebody took it away.
    if (tool.definedBy === 'document') {
      if (standing === undefined) return 'it was never approved';
      return standing.state === 'approved' ? undefined : (WORDS[standing.why] ?? WAITS);
    }
    return this.#ofCode(tool, standing);
  }

  /** A definition that code made: by its digest, every time it is made anew. */
  #ofCode(tool: CatalogueTool, standing: PinStanding | undefined): string | undefined {
    const digest = this.pinOf(tool);
    if (standing?.digest === digest) return undefined;
    if (standing?.pendingDigest === digest) return WORDS[standing.why] ?? WAITS;
    const verdict = judgeDefinition({
      mode: this.modeOf(tool),
      known: standing?.digest,
      findings: standing?.digest === undefined ? findingsIn(definitionOf(tool)) : [],
      isPublication: false,
    });
    return verdict.state === 'approved' ? undefined : WORDS[verdict.why];
  }

  #moved(): void {
    this.#generation++;
    for (const listener of this.#listeners) listener();
  }
}

const WAITS = 'its definition waits for approval';
const WORDS: Readonly<Record<string, string>> = {
  changed: 'its definition changed since it was approved',
  findings: 'something about its definition has to be looked at by a person first',
  review: WAITS,
  'second-person': 'its definition waits for the yes of a second person',
  rejected: 'its definition was rejected',
};
