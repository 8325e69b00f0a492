import { z } from 'zod';
import { failed, passed, unverified, type Check, type Verdict } from './check.ts';
import { runProgram } from './run-program.ts';

const severity = z.enum(['info', 'low', 'moderate', 'high', 'critical']);
const reportSchema = z.object({
  vulnerabilities: z.record(
    z.string(),
    z.object({
      severity,
      range: z.string(),
      via: z.array(z.union([z.string(), z.object({ title: z.string(), url: z.string() })])),
    }),
  ),
});

/** What npm prints instead of a report when the registry did not answer with one. */
const refusalSchema = z.object({
  message: z.string().optional(),
  error: z.object({ summary: z.string().optional(), code: z.string().optional() }).optional(),
});

/**
 * Judges what `npm audit --json` printed. High and critical advisories fail; a registry that gives no
 * advisories leaves the question open, since an offline machine must still be able to check itself.
 */
export function judgeAudit(output: string): Verdict {
  const printed = parseJson(output);
  const report = reportSchema.safeParse(printed);
  if (!report.success) {
    const { message, error } = refusalSchema.safeParse(printed).data ?? {};
    return unverified(`the registry gave no advisories: ${message ?? error?.summary ?? error?.code ?? 'no answer'}`);
  }
  const known = Object.entries(report.data.vulnerabilities);
  const grave = known.filter(([, entry]) => entry.severity === 'high' || entry.severity === 'critical');
  if (grave.length === 0) return passed(`${known.length} packages with advisories, none high`);
  return failed(
    'packages with high or critical advisories',
    grave.map(([name, entry]) => {
      const causes = entry.via.map((via) => (typeof via === 'string' ? `through ${via}` : `${via.title} ${via.url}`));
      return `${name} ${entry.range}: ${entry.severity}; ${causes.join('; ')}; update it or the package that brings it`;
    }),
  );
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined; // the words of an error instead of a report
  }
}

export const advisories: Check = {
  name: 'advisories',
  proves: 'no package has a known high or critical advisory, where the registry says so',
  async run(root) {
    const audit = await runProgram('npm', ['audit', '--json', '--fetch-retries=0', '--fetch-timeout=20000'], root);
    return judgeAudit(audit.stdout);
  },
};
