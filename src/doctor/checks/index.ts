/** Every check, in the order in which findings are reported: what is worse first. */
import type { Check } from '../check.ts';
import { alerts } from './alerts.ts';
import { anchors } from './anchors.ts';
import { approvers } from './approvers.ts';
import { audit } from './audit.ts';
import { backups } from './backups.ts';
import { certificates } from './certificates.ts';
import { clock } from './clock.ts';
import { database } from './database.ts';
import { deliveries } from './deliveries.ts';
import { disk } from './disk.ts';
import { drill } from './drill.ts';
import { encryption } from './encryption.ts';
import { environment } from './environment.ts';
import { expiry } from './expiry.ts';
import { files } from './files.ts';
import { keyring } from './keyring.ts';
import { ledger } from './ledger.ts';
import { limits } from './limits.ts';
import { logging } from './logging.ts';
import { names } from './names.ts';
import { passwords } from './passwords.ts';
import { pins } from './pins.ts';
import { policies } from './policies.ts';
import { privileges } from './privileges.ts';
import { quotas } from './quotas.ts';
import { rewrap } from './rewrap.ts';
import { rotation } from './rotation.ts';
import { secrets } from './secrets.ts';
import { secondFactors } from './second-factors.ts';
import { sessions } from './sessions.ts';
import { transport } from './transport.ts';
import { unusedKeys } from './unused-keys.ts';

export const checks: readonly Check[] = [
  database,
  files,
  environment,
  passwords,
  secondFactors,
  certificates,
  transport,
  encryption,
  rewrap,
  keyring,
  audit,
  anchors,
  deliveries,
  ledger,
  backups,
  drill,
  policies,
  approvers,
  names,
  pins,
  privileges,
  expiry,
  rotation,
  unusedKeys,
  secrets,
  sessions,
  limits,
  quotas,
  logging,
  alerts,
  clock,
  disk,
];
