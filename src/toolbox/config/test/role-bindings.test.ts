import { expect, test } from 'vitest';
import { loaded, problemsOf } from './load.fixture.ts';

test('a role binding is read with its defaults', () => {
  const { roleBindings } = loaded(`kind: roleBinding
name: operators
role: admin
everywhere: true
group: platform
issuer: https://login.example
---
kind: roleBinding
namespace: travel
name: bot
role: user
agent: booking-bot
`);
  expect(roleBindings).toMatchObject([
    { namespace: 'default', role: 'admin', everywhere: true, group: 'platform', issuer: 'https://login.example' },
    { namespace: 'travel', role: 'user', everywhere: false, agent: 'booking-bot' },
  ]);
});

test.each([
  ['nobody', '', /names none/],
  ['two at once', 'user: ana\ngroup: platform', /names `user` and `group`/],
  ['an agent that an issuer knows', 'agent: bot\nissuer: https://login.example', /no `issuer` knows them/],
  ['a role that there is not', 'role: root\nuser: ana', /role/],
  ['an issuer that is no URL', 'user: ana\nissuer: login.example', /URL/],
  ['a field that there is not', 'user: ana\nusr: bo', /usr/],
])('a role binding for %s is refused where it stands', (_, fields, message) => {
  const role = fields.includes('role:') ? '' : 'role: user\n';
  const problems = problemsOf(`kind: roleBinding\nname: b\n${role}${fields}\n`);
  expect(problems).toHaveLength(1);
  expect(problems[0]).toMatch(message);
});
