import { installAccessReviewCommands } from './access-review/index.ts';
import { installAccessCommands } from './access/index.ts';
import { installAgentCommands } from './agent/index.ts';
import { installAlertCommands } from './alert/index.ts';
import { installApprovalCommands } from './approval/index.ts';
import { installAuditCommands } from './audit/index.ts';
import { installBackupCommands } from './backup/index.ts';
import { installCaCommands } from './ca/index.ts';
import { installClientCommands } from './client/index.ts';
import { installConfigCommands } from './config/commands.ts';
import { installContainCommand } from './contain/index.ts';
import { installCredentialCommands } from './credential/index.ts';
import { installDoctorCommand } from './doctor/index.ts';
import { installGrantCommands } from './grant/index.ts';
import { installGroupCommands } from './group/index.ts';
import { installKeyCommands } from './key/index.ts';
import { installLedgerCommands } from './ledger/index.ts';
import { installLimitCommands } from './limit/index.ts';
import { installLoginCommands } from './login/index.ts';
import { installMigrateCommands } from './migrate/index.ts';
import { installPolicyCommands } from './policy/index.ts';
import { installRestoreCommand } from './restore/index.ts';
import { installRoleCommands } from './role/index.ts';
import { installSecretCommands } from './secret/index.ts';
import { installSessionCommands } from './session/index.ts';
import { installStatisticsCommand } from './statistics/index.ts';
import { installTokenSessionCommands } from './token-session/index.ts';
import { installToolCommands } from './tool/index.ts';
import { installUserCommands } from './user/index.ts';
import type { InstallCommands } from './context.ts';

/** Nouns that need nothing but their own modules; what needs the wiring comes in from `main`. */
export const NOUNS: readonly InstallCommands[] = [
  installConfigCommands,
  installToolCommands,
  installKeyCommands,
  installAgentCommands,
  installUserCommands,
  installGroupCommands,
  installRoleCommands,
  installSessionCommands,
  installLoginCommands,
  installTokenSessionCommands,
  installClientCommands,
  installGrantCommands,
  installCredentialCommands,
  installAccessCommands,
  installAccessReviewCommands,
  installSecretCommands,
  installLimitCommands,
  installAuditCommands,
  installMigrateCommands,
  installBackupCommands,
  installRestoreCommand,
  installLedgerCommands,
  installDoctorCommand,
  installPolicyCommands,
  installCaCommands,
  installApprovalCommands,
  installStatisticsCommand,
  installAlertCommands,
  installContainCommand,
];
