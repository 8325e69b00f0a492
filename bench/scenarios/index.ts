import { audit } from './audit.ts';
import { authenticatedScenarios } from './authenticated.ts';
import { callScenarios } from './calls.ts';
import { exchange } from './exchange.ts';
import { federation } from './federation.ts';
import { generatorCheck } from './generator.ts';
import { growth } from './growth.ts';
import { idleStreams } from './idle-streams.ts';
import { leftBehind } from './left-behind.ts';
import { lists } from './lists.ts';
import { memory } from './memory.ts';
import { policyGrowth } from './policy-growth.ts';
import { refresh } from './refresh.ts';
import { rotation } from './rotation.ts';
import type { Scenario } from './scenario.ts';
import { starts } from './starts.ts';
import { work } from './work.ts';

/** In the order in which they run: counts first, since they need no quiet machine. */
export const scenarios: readonly Scenario[] = [
  generatorCheck,
  work,
  leftBehind,
  ...callScenarios,
  ...authenticatedScenarios,
  federation,
  lists,
  growth,
  policyGrowth,
  refresh,
  rotation,
  exchange,
  audit,
  starts,
  memory,
  idleStreams,
];
