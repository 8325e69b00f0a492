import { z } from 'zod';
import { duration } from './common.ts';

/** The label of what came from somewhere that nobody vouches for: data, whatever it says. */
export const UNTRUSTED = 'untrusted';

/** `labels:` of a source or a tool: what its answers are made of. */
export const labelsField = z
  .array(
    z
      .string()
      .regex(/^[a-z0-9][a-z0-9_-]{0,63}$/, { error: 'a label is one word, such as `secret`, `pii` or `phi`' })
      .refine((label) => label !== UNTRUSTED, { error: `\`${UNTRUSTED}\` is what \`trust: untrusted\` says` }),
  )
  .max(16)
  .default([])
  .describe('What its answers are made of, such as `secret`, `pii` or `phi`; policies see who has seen it.');

/** `trust:` of a source or a tool. */
export const trustField = z
  .enum(['trusted', 'untrusted'])
  .optional()
  .describe(
    'Whether strangers may have written what it answers. By default they may where it reaches out (`openWorldHint`).',
  );

/** `outputs:` of `kind: server`: what becomes of answers that strangers may have written. */
export const outputsSchema = z.strictObject({
  untrusted: z
    .enum(['meta', 'wrap', 'off'])
    .default('meta')
    .describe(
      'How they are marked as data: in `_meta`; `wrap` puts their text between marks that nobody can guess as well; `off`: not at all.',
    ),
  hidden: z
    .enum(['escape', 'remove', 'keep'])
    .default('escape')
    .describe('What becomes of characters in them that nobody sees, and of control sequences for terminals.'),
  seenFor: duration
    .default(3_600_000)
    .describe('How long a caller counts as one who has seen answers of a label (`context.seen` of policies).'),
});

export type OutputSettings = z.output<typeof outputsSchema>;
