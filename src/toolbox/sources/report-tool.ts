/**
 * Tool types that are one statement of ours with a name: what a database says about itself. A source
 * lists its reports in tables of `{ type, summary, parameters, statement }`; everything else is the same
 * for all and is here. They only look: each runs read-only, whatever the source allows.
 */
import { z } from 'zod';
import type { ParameterDeclaration } from '#contract';
import { ConfigurationFault, type ToolOutput, type ToolType } from '../tools/tool-type.ts';
import type { RowSet, SqlSource, SqlValue } from './source.ts';

export interface Report {
  readonly type: string;
  /** For the generated reference, and what an agent reads when the document says nothing else. */
  readonly summary: string;
  readonly parameters: readonly ParameterDeclaration[];
  readonly statement: string;
  /** The same with the same placeholders for servers that refuse `statement`: versions keep things in different places. */
  readonly elsewhere?: string;
  /** Names of parameters in the order of the placeholders, where it is not that of `parameters`. */
  readonly bind?: readonly string[];
  /** Makes something else of the rows than rows. */
  readonly shape?: (rows: RowSet) => ToolOutput;
}

const fields = z.strictObject({});

export function reportTool(report: Report): ToolType<z.output<typeof fields>> {
  const bind = report.bind ?? report.parameters.map((parameter) => parameter.name);
  const shape = report.shape ?? ((rows: RowSet): ToolOutput => ({ kind: 'rows', ...rows }));
  return {
    type: report.type,
    summary: report.summary,
    schema: fields,
    build(_fields, context) {
      if (context.parameters.length > 0) {
        throw new ConfigurationFault(
          ['parameters'],
          `\`${report.type}\` brings its own parameters and takes no others`,
        );
      }
      const source = context.source as SqlSource;
      return {
        description: report.summary,
        annotations: { readOnlyHint: true, openWorldHint: false },
        parameters: report.parameters,
        async run(args, limits) {
          const values = bind.map((name) => (args[name] ?? null) as SqlValue);
          const { signal, timeoutMs, maxRows, maxBytes } = limits;
          const ask = async (text: string): Promise<RowSet> =>
            source.query({ text, values, fixed: true }, { signal, timeoutMs, maxRows, maxBytes, readOnly: true });
          const { statement, elsewhere } = report;
          const rows =
            elsewhere === undefined
              ? await ask(statement)
              : await ask(statement).catch(async (refused: unknown) =>
                  ask(elsewhere).catch(() => {
                    throw refused;
                  }),
                );
          return shape(rows);
        },
      };
    },
  };
}

/** A text that narrows a report; empty means everything. */
export function filter(name: string, description: string, preset = ''): ParameterDeclaration {
  return { name, type: 'string', description, default: preset };
}

/** How many rows a report gives at most. */
export function rowLimit(preset: number): ParameterDeclaration {
  return { name: 'limit', type: 'integer', description: 'Rows to return at most.', default: preset, minValue: 0 };
}

/** A choice between a few words. */
export function choice(
  name: string,
  description: string,
  words: readonly string[],
  preset: string,
): ParameterDeclaration {
  return { name, type: 'string', description, enum: words, default: preset };
}
