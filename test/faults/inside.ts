/** What of a server's process a trial can reach from outside, by `inside.mjs`. */
import { readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { residentBytes } from '../process-costs.ts';

const COLLECTED_MS = 1_000;

const imported = { NODE_OPTIONS: `--import=${join(import.meta.dirname, 'inside.mjs')}` };

/** The environment of a server whose garbage can be collected. */
export const collectable: Readonly<Record<string, string>> = imported;

/** The environment of a server whose wall clock follows the file. */
export const clockOf = (file: string): Readonly<Record<string, string>> => ({ ...imported, FAULTS_CLOCK: file });

/** Sets the clock of whoever follows the file off by so much, and gives them time to see it. */
export async function shiftClock(file: string, ms: number): Promise<void> {
  writeFileSync(file, String(ms));
  await pause(200);
}

/** Resident bytes of the process without its garbage. */
export async function residentWithoutGarbage(pid: number): Promise<number> {
  process.kill(pid, 'SIGUSR2');
  await pause(COLLECTED_MS);
  process.kill(pid, 'SIGUSR2');
  await pause(COLLECTED_MS);
  return residentBytes(pid).own;
}

/** How many descriptors the process has open. */
export const descriptorsOf = (pid: number): number => readdirSync(`/proc/${pid}/fd`).length;
