/** A tool as an answer shows it after a change, and what tells that state of it from every other. */
import type { z } from 'zod';
import { entityTag, type Call } from '#http';
import type { ToolName } from '../pins/pin.ts';
import type { PinBoard } from '../pins/pin-board.ts';
import type { RegisteredTool } from '../tools/registered-tool.ts';
import type { ToolRouteParts } from './parts.ts';
import { answerOf, stateOf, type toolAnswer } from './shapes.ts';
import { showTool } from './visible-tools.ts';

export async function answered(parts: ToolRouteParts, name: ToolName): Promise<z.input<typeof toolAnswer>> {
  const shown = await showTool(parts, name);
  return answerOf(shown, shown.running && parts.pins.standings.pinOf(shown.running));
}

/** Whether the tool is still the one that the caller has seen, for the transaction of the change. */
export const checkOf =
  ({ standings }: PinBoard, call: Call) =>
  (current: RegisteredTool | undefined): void =>
    call.checkCurrent(current && entityTag(stateOf(current, standings.standingOf(current))));

export const versionOf = (answer: z.output<typeof toolAnswer>): string =>
  answer.id === null ? `declared ${answer.pin} ${answer.status}` : `${answer.id} ${answer.generation}`;
