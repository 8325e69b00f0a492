import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { formatProblem } from '../problems.ts';
import { GOOD, load, problemsOf } from './load.fixture.ts';

const guide = readFileSync(new URL('../../../../docs/configuration.md', import.meta.url), 'utf8');
const blocks = [...guide.matchAll(/^```yaml\n([\s\S]*?)^```$/gm)].map(([, text = '']) => text);

describe('docs/configuration.md', () => {
  it('holds examples', () => {
    expect(blocks.length).toBeGreaterThan(5);
  });

  it.each(blocks.map((text) => [text.split('\n').slice(0, 3).join(', '), text]))('shows what loads: %s', (_, text) => {
    const env = { DB_USER: 'app', DB_PASSWORD: 'p' };
    // The secret of the example is mounted where nobody runs tests.
    expect(
      problemsOf(text, env).filter((problem) => !problem.includes('there is no file `file:///run/secrets/')),
    ).toEqual([]);
  });

  it('shows the report as it is printed', () => {
    const result = load(GOOD.replace('statement:', 'statment:'));
    const report = result.ok ? '' : result.error.map((problem) => formatProblem(problem)).join('\n');
    const shown = /^tools\.yaml:11:1: error: [\s\S]*?\n\n/m.exec(guide)?.[0].trimEnd();
    expect(shown).toBeDefined();
    expect(report).toContain(shown?.replace('tools.yaml', 't.yaml'));
  });
});
