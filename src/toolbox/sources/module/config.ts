import { z } from 'zod';
import { PIN_MODES } from '#contract';

export const moduleSourceSchema = z.strictObject({
  path: z.string().min(1).describe('The TypeScript or JavaScript file, relative to the configuration file.'),
  pins: z
    .enum(PIN_MODES)
    .default('firstUse')
    .describe(
      'What becomes of tools whose description or schemas the file changes: `firstUse` and `review` keep them from being called until somebody approves them, `off` does not.',
    ),
});

export type ModuleConfig = z.output<typeof moduleSourceSchema>;
