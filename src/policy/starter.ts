/**
 * What a new installation allows: policies like all others, that may be changed and taken away. The migrations that
 * write them have the texts once more, since a migration that was released never changes; `in-force.test.ts` holds
 * both against each other.
 */
import { EVERYWHERE } from '#contract';
import type { PolicySource } from './language/rule.ts';

export const STARTER_POLICIES: readonly PolicySource[] = Object.freeze([
  {
    id: '*/declared-tools',
    namespace: EVERYWHERE,
    priority: 0,
    cedar: `@id("Users call declared tools")
@description("Whoever has the role user in a namespace sees and calls the tools that its files declare.")
permit (
  principal in Role::"user",
  action in [Action::"read", Action::"execute"],
  resource
) when { resource.origin == "declared" };

@id("Administrators call declared tools")
permit (
  principal in Role::"admin",
  action in [Action::"read", Action::"execute"],
  resource
) when { resource.origin == "declared" };
`,
  },
  {
    id: '*/approvals',
    namespace: EVERYWHERE,
    priority: 0,
    cedar: `@id("Users approve")
@description("Whoever has the role user in a namespace may say yes where a policy wants that of anybody; never to a call of their own.")
permit (
  principal in Role::"user",
  action == Action::"approve",
  resource
);

@id("Administrators approve")
permit (
  principal in Role::"admin",
  action == Action::"approve",
  resource
);

@id("Who writes policies approves")
permit (
  principal in Role::"policy_admin",
  action == Action::"approve",
  resource
);
`,
  },
  {
    id: '*/publications',
    namespace: EVERYWHERE,
    priority: 0,
    cedar: `@id("Publishers publish")
@description("Whoever has the role tool_publisher in a namespace brings definitions of its tools into use: their own, and those that wait.")
permit (
  principal in Role::"tool_publisher",
  action == Action::"publish",
  resource
);

@id("Administrators publish")
permit (
  principal in Role::"admin",
  action == Action::"publish",
  resource
);

@id("Who writes policies publishes")
permit (
  principal in Role::"policy_admin",
  action == Action::"publish",
  resource
);
`,
  },
]);
