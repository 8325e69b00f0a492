/**
 * doctor: what is weak about an installation.
 *
 * Owns the checks, a file each (`checks/`), and gathering what they look at (`examine.ts`; `known-names.ts`). They read
 * configuration, data directory, database, disk and clock; they change nothing and decide nothing. A check that
 * has nothing to look at in an installation finds nothing. docs/doctor.md lists them all.
 */
export { examine, type Examination } from './examine.ts';
export type { Check, Disk, Finding, Severity, Weakness } from './check.ts';
export { checks } from './checks/index.ts';
