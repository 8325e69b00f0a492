/**
 * What a server and its children cost, from `/proc`: CPU time of all threads, those that ended
 * included, and resident memory. Linux alone has it.
 */
import { readdirSync, readFileSync } from 'node:fs';

/** `USER_HZ`: the unit of times in `/proc/PID/stat`, 100 on every Linux that Node runs on. */
const TICKS_PER_SECOND = 100;

/** CPU seconds of the process and its descendants so far; children that ended count with their parent. */
export function cpuSeconds(pid: number): number {
  return sum(pid, (id) => {
    const stat = readFileSync(`/proc/${id}/stat`, 'latin1');
    // The second field is the name in brackets and may hold spaces: utime is the 12th after it.
    const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
    const [user, system, childrenUser, childrenSystem] = fields.slice(11, 15).map(Number) as [
      number,
      number,
      number,
      number,
    ];
    return (user + system + childrenUser + childrenSystem) / TICKS_PER_SECOND;
  });
}

/**
 * CPU seconds of the threads that the process has now, to the nanosecond: for what takes less than a
 * second, where ticks are too coarse. Threads and children that ended are left out.
 */
export function threadSeconds(pid: number): number {
  let nanoseconds = 0;
  for (const thread of readdirSync(`/proc/${pid}/task`)) {
    // Time on a processor, time of waiting for one, how often.
    nanoseconds += Number(readFileSync(`/proc/${pid}/task/${thread}/schedstat`, 'latin1').split(' ')[0]);
  }
  return nanoseconds / 1e9;
}

/** Resident bytes of the process alone, and of its children beside it. */
export function residentBytes(pid: number): { readonly own: number; readonly children: number } {
  const own = residentOf(pid);
  return { own, children: sum(pid, residentOf) - own };
}

function residentOf(pid: number): number {
  const kibibytes = /^VmRSS:\s+(\d+) kB$/m.exec(readFileSync(`/proc/${pid}/status`, 'latin1'))?.[1];
  return Number(kibibytes ?? 0) * 1024;
}

/** Of the process, which must be there, and of descendants, which may end meanwhile. */
function sum(pid: number, read: (pid: number) => number): number {
  let total = read(pid);
  for (const child of childrenOf(pid)) {
    try {
      total += sum(child, read);
    } catch (error) {
      if (!isGone(error)) throw error;
    }
  }
  return total;
}

function childrenOf(pid: number): readonly number[] {
  return readdirSync(`/proc/${pid}/task`).flatMap((thread) => {
    try {
      const listed = readFileSync(`/proc/${pid}/task/${thread}/children`, 'latin1');
      return listed
        .split(' ')
        .filter((id) => id !== '')
        .map(Number);
    } catch (error) {
      if (isGone(error)) return [];
      throw error;
    }
  });
}

const isGone = (error: unknown): boolean => ['ENOENT', 'ESRCH'].includes((error as NodeJS.ErrnoException).code ?? '');
