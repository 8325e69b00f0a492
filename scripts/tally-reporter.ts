import type { SerializedError } from 'vitest';
import type { Reporter, TestModule } from 'vitest/node';

/**
 * Ends every run with one line, `tests: 812 passed, 0 failed, 3 skipped`, as every suite here does,
 * so that continuous integration can add them up. What fails outside a test counts as a failure:
 * a file that does not load, an error that nobody awaited. A run that is not `tests` has a `name` of its own.
 */
export default class TallyReporter implements Reporter {
  readonly #name: string;

  constructor({ name = 'tests' }: { readonly name?: string } = {}) {
    this.#name = name;
  }

  onTestRunEnd(modules: readonly TestModule[], unhandled: readonly SerializedError[]): void {
    const count = { passed: 0, failed: unhandled.length, skipped: 0, pending: 0 };
    for (const module of modules) {
      for (const test of module.children.allTests()) count[test.result().state] += 1;
      count.failed += module.errors().length;
      for (const suite of module.children.allSuites()) count.failed += suite.errors().length;
    }
    // Pending tests never ran: the run was broken off.
    const failed = count.failed + count.pending;
    process.stdout.write(`${this.#name}: ${count.passed} passed, ${failed} failed, ${count.skipped} skipped\n`);
  }
}
