/**
 * The argument vector that starts a server within its resource limits. `prlimit` sets them and becomes the program: an
 * argument vector all the way, so that no value ever is a shell's text.
 */
import { accessSync, constants } from 'node:fs';
import { refused } from './environment.ts';
import type { ProcessPlan, ResourceLimits } from './process-plan.ts';

const OPTIONS: Readonly<Record<keyof ResourceLimits, string>> = {
  addressSpaceBytes: '--as',
  cpuSeconds: '--cpu',
  openFiles: '--nofile',
  processes: '--nproc',
  fileSizeBytes: '--fsize',
};

const PLACES = ['/usr/bin/prlimit', '/bin/prlimit', '/usr/local/bin/prlimit'];

/** Throws `SERVER_PROCESS_REFUSED` where limits are wanted and the system has nothing that keeps them. */
export function argumentVector(
  server: string,
  { command, args, limits = {} }: ProcessPlan,
  places: readonly string[] = PLACES,
): { readonly command: string; readonly args: readonly string[] } {
  // A program that begins with a dash would be an option of whoever starts it.
  if (command === '' || command.startsWith('-') || [command, ...args].some((text) => text.includes('\0'))) {
    throw refused(server, `\`${command}\` cannot be the name of a program`);
  }
  const wanted = (Object.keys(OPTIONS) as (keyof ResourceLimits)[]).flatMap((name) => {
    const value = limits[name];
    if (value === undefined) return [];
    if (!Number.isSafeInteger(value) || value < 0) throw refused(server, `the limit \`${name}\` is no whole number`);
    return [`${OPTIONS[name]}=${value}:${value}`];
  });
  if (wanted.length === 0) return { command, args };
  const prlimit = places.find(isExecutable);
  if (prlimit === undefined) {
    throw refused(server, 'its resource limits cannot be kept here: this system has no `prlimit` (util-linux)');
  }
  return { command: prlimit, args: [...wanted, '--', command, ...args] };
}

function isExecutable(path: string): boolean {
  try {
    accessSync(path, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}
