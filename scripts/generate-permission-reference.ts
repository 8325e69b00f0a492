// Writes docs/reference/permissions.md from the table of permissions; `--check` compares.
import { join } from 'node:path';
import { PERMISSIONS, type Action, type Permission } from '#identity';
import { writeOrCheck } from './generated-file.ts';

const root = join(import.meta.dirname, '..');

function row(action: string, { access, roles, everywhere, own, narrow, rank, dangerous }: Permission): string {
  const also = [
    own === true && 'whose it is',
    narrow === true && 'narrow',
    rank === true && 'rank',
    dangerous === true && 'step-up',
  ].filter((word) => word !== false);
  const held = everywhere === true ? 'everywhere' : 'where the object is';
  return `| \`${action}\` | ${access} | ${roles.join(', ')} | ${held} | ${also.join(', ')} |`;
}

const rows = (Object.keys(PERMISSIONS) as Action[]).map((action) => row(action, PERMISSIONS[action]));

writeOrCheck(
  join(root, 'docs', 'reference', 'permissions.md'),
  `# Permissions

<!-- Generated from \`src/identity/permissions/table.ts\` by \`npm run generate\`. Do not edit. -->

Every administrative action, and what it asks of the caller: what the credential must be for, one of the roles, and
where that must be held. *Whose it is*: users may do it to themselves, the responsible user to an agent and its keys.
*Narrow*: those get nothing new for it; a key of theirs is no wider than one the agent has.
*Rank*: refused towards whoever holds a role that the caller could not give, and for giving such a role. *Step-up*: a
person must have signed in within ten minutes, with a second factor; so they must for any change that gives a role beyond
\`user\`, or touches somebody or a group that has one. [People, groups, roles and agents](../people.md)
says why.

| action | credential for | roles | held | also |
|---|---|---|---|---|
${rows.join('\n')}
`,
);
