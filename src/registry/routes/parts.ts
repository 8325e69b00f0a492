import { z } from 'zod';
import { resourceName, rolesIn, type CatalogueTool, type Principal } from '#contract';
import type { Author } from '#identity';
import type { Call } from '#http';
import type { ToolName } from '../pins/pin.ts';
import type { PinBoard } from '../pins/pin-board.ts';
import { unknownTool } from '../tools/errors.ts';
import type { ToolRegistry } from '../tools/tool-registry.ts';
import type { RunningTools, UsageFacts } from '../tools/running-tools.ts';

export interface ToolRouteParts {
  readonly registry: ToolRegistry;
  readonly pins: PinBoard;
  /** Undefined where no configuration is known: then only registered tools are seen. */
  readonly running: RunningTools | undefined;
  /** What is known of the use of tools; nothing without it. */
  readonly usage?: UsageFacts | undefined;
  /**
   * The tools of a namespace that the caller may call, by name: whoever only calls sees no others here either.
   * Without it, whoever only calls sees none.
   */
  readonly callable?: (principal: Principal, namespace: string) => Promise<ReadonlySet<string>>;
}

/** Who changes something, as services take it. */
export const authorOf = ({ principal, origin }: Pick<Call, 'principal' | 'origin'>): Author => ({ principal, origin });

/** Whether the caller looks after tools, and does not only call them. */
export const looksAfterTools = (principal: Principal, namespace: string): boolean =>
  rolesIn(principal, namespace).some((role) => role !== 'user');

export type Entries = ReadonlyMap<string, CatalogueTool>;

export const toolName = z.strictObject({ namespace: resourceName, name: resourceName });

export const where = {
  target: ({ namespace }: ToolName) => ({ namespace }),
  missing: (name: ToolName) => unknownTool(name),
};

export const reason = z.string().max(200).optional().describe('Why, for the history and the record.');

export const CHANGE_ERRORS = [
  'REGISTERED_TOOL_UNKNOWN',
  'TOOL_DECLARED',
  'TOOL_NAME_TAKEN',
  'TOOL_NAME_CONFUSABLE',
  'TOOL_DOCUMENT_REFUSED',
  'TOOL_CONFIGURATION_NEEDED',
];
export const PUBLICATION_ERRORS = [...CHANGE_ERRORS, 'PUBLICATION_DENIED', 'SECOND_PERSON_NEEDED'];
