import { maskSchema, type MaskDeclaration, type Principal } from '#contract';
import type { Tool } from '#toolbox';
import { testTool } from '../../test/tools.fixture.ts';
import { MaskBook } from '../mask/mask-book.ts';
import { Masking } from '../mask/mask-output.ts';
import { digestWith } from '../mask/method.ts';

/** A mask as the configuration declares it. */
export const mask = (written: Record<string, unknown>): MaskDeclaration => ({
  ...maskSchema.parse({ kind: 'mask', name: 'test', ...written }),
  origin: { file: 'test.yaml', line: 1, column: 1 },
  directory: '.',
  locate: () => ({ file: 'test.yaml', line: 1, column: 1, excerpt: [] as never }),
});

export const somebody = (more: Partial<Principal> = {}): Principal => ({
  ...{ kind: 'agent', iss: 'chatelaine', sub: 'a', name: 'a', namespace: 'default', roles: ['user'], groups: [] },
  ...{
    access: new Set(['read', 'execute'] as const),
    scopes: new Set<string>(),
    via: { method: 'api-key', keyId: 'k' },
  },
  ...more,
});

export const TOOL: Tool = testTool({ name: 'tool', run: async () => ({ kind: 'value', value: null }) });

export const book = (): MaskBook => new MaskBook((namespace) => digestWith(Buffer.from(`key of ${namespace}`)));

export const viewWith = (masks: readonly MaskDeclaration[]) => ({ name: 'default', groups: new Map(), masks });

/** What one mask makes of outputs. */
export function maskingWith(...written: readonly Record<string, unknown>[]): Masking {
  const masks = written.map((one, index) => mask({ name: `mask-${index}`, ...one }));
  const rules = book().rulesFor(viewWith(masks), TOOL, somebody(), []);
  if (rules === undefined) throw new Error('no mask applies');
  return new Masking(rules);
}
