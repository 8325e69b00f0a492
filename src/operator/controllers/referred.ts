/** Kinds without children: others refer to them, and while they do they stay. */
import { digestOf } from '../cluster/index.ts';
import { usersOf } from '../references/index.ts';
import { isSo } from './conditions.ts';
import type { Controller } from './controller.ts';

const understood = isSo('Valid', 'Understood', 'it can be referred to');
/** As many as a status has room for. */
const MOST_USERS = 1000;

export const externalAuthConfigController: Controller<'MCPExternalAuthConfig'> = {
  kind: 'MCPExternalAuthConfig',
  isHeld: true,
  async reconcile({ known }, { world }) {
    const usedBy = usersOf(known, world.snapshot()).toSorted().slice(0, MOST_USERS);
    return { findings: [understood], status: { hash: digestOf(known.spec), usedBy } };
  },
};

export const groupController: Controller<'MCPGroup'> = {
  kind: 'MCPGroup',
  isHeld: true,
  async reconcile({ known }, { world }) {
    const members = world
      .snapshot()
      .list('MCPServer')
      .filter(({ namespace, spec }) => namespace === known.namespace && spec.groupRef?.name === known.name)
      .map(({ name }) => name)
      .toSorted();
    return { findings: [understood], status: { servers: members.slice(0, MOST_USERS), serverCount: members.length } };
  },
};
