/** Every check, in the order in which findings are reported: what is worse first. */
import type { Check } from '../check.ts';
import { alerts } from './alerts.ts';
import { audit } from './audit.ts';
import { backups } from './backups.ts';
import { certificates } from './certificates.ts';
import { clock } from './clock.ts';
import { database } from './database.ts';
import { disk } from './disk.ts';
import { drill } from './drill.ts';
import { encryption } from './encryption.ts';
import { environment } from './environment.ts';
import { files } from './files.ts';
import { keyring } from './keyring.ts';
import { ledger } from './ledger.ts';
import { limits } from './limits.ts';
import { logging } from './logging.ts';
import { passwords } from './passwords.ts';
import { privileges } from './privileges.ts';
import { rotation } from './rotation.ts';
import { transport } from './transport.ts';
import { unusedKeys } from './unused-keys.ts';

export const checks: readonly Check[] = [
  database,
  files,
  environment,
  passwords,
  certificates,
  transport,
  encryption,
  keyring,
  audit,
  ledger,
  backups,
  drill,
  privileges,
  rotation,
  unusedKeys,
  limits,
  logging,
  alerts,
  clock,
  disk,
];
