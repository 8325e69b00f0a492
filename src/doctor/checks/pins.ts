import { isRecord } from '#kernel';
import type { Check, Weakness } from '../check.ts';

/** Without pins a tool says tomorrow what nobody has read today. */
export const pins: Check = {
  id: 'pins',
  looksAt: 'pins: whether definitions of tools may change without anybody looking at them',
  run({ settings: { registry }, declared }) {
    const modules = (declared?.sources ?? []).filter(({ fields }) => isRecord(fields) && fields['pins'] === 'off');
    return [
      ...(registry.pins === 'off' ? [unpinned('`registry.pins: off`: what publishers register')] : []),
      ...modules.map(({ namespace, name }) =>
        unpinned(`\`pins: off\` of the source \`${namespace}/${name}\`: what its code says of its tools`),
      ),
    ];
  },
};

const unpinned = (what: string): Weakness => ({
  severity: 'warning',
  what: `${what} reaches agents whatever it says, and changes unseen`,
  remedy: 'Leave it out: `firstUse` keeps what is suspicious and what changed for a person (docs/registry.md).',
});
