import { z } from 'zod';

export const moduleSourceSchema = z.strictObject({
  path: z.string().min(1).describe('The TypeScript or JavaScript file, relative to the configuration file.'),
});

export type ModuleConfig = z.output<typeof moduleSourceSchema>;
