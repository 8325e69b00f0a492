import { z } from 'zod';
import { ChatelaineError } from '#kernel';
import { toolboxError } from '../../../errors.ts';
import { ConfigurationFault, type ToolType } from '../../../tools/tool-type.ts';
import type { RowSet, SqlSource } from '../../source.ts';
import { jsonValue } from '../../values.ts';

const fields = z.strictObject({});

/**
 * The plan of a caller's statement. EXPLAIN does not run it: with FORMAT first, the grammar has no
 * place for ANALYZE, and a text is one statement. It is asked for read-only, because a plan may
 * evaluate a constant subquery early; MariaDB refuses to plan a write so, and then it is asked as the
 * tool and its source allow.
 */
export function queryPlanTool(type: string): ToolType<z.output<typeof fields>> {
  const summary = 'Tells how the server would run one statement, without running it: its plan as JSON.';
  return {
    type,
    summary,
    schema: fields,
    build(_fields, context) {
      if (context.parameters.length > 0) {
        throw new ConfigurationFault(['parameters'], `\`${type}\` brings its own parameters and takes no others`);
      }
      const source = context.source as SqlSource;
      return {
        description: summary,
        annotations: { readOnlyHint: true, openWorldHint: false },
        parameters: [
          { name: 'sql_statement', type: 'string', description: 'The statement, without EXPLAIN.', minLength: 1 },
        ],
        async run(args, limits) {
          const text = `EXPLAIN FORMAT=JSON ${args['sql_statement'] as string}`;
          const { signal, timeoutMs, maxRows, maxBytes } = limits;
          const ask = async (readOnly: boolean): Promise<RowSet> =>
            source.query({ text, values: [] }, { signal, timeoutMs, maxRows, maxBytes, readOnly });
          const { rows, truncated } = await ask(true).catch(async (error: unknown) => {
            if (error instanceof ChatelaineError && error.code === 'READ_ONLY') return ask(limits.readOnly);
            throw error;
          });
          if (truncated) throw toolboxError('TOOL_FAILED', 'the plan is beyond `maxBytes`');
          const plan = Object.values(rows[0] ?? {})[0] ?? null;
          return { kind: 'value', value: typeof plan === 'string' ? jsonValue(plan) : plan };
        },
      };
    },
  };
}
