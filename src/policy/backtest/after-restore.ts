import type { AfterRestore } from '#db';
import { forgetDecisionsAbout } from './forget-decisions.ts';

/** Who was erased since the backup is nobody that decisions were about. */
export const decisionsAfterRestore: AfterRestore = {
  module: 'policy',
  replay: async (trx, ends) => await forgetDecisionsAbout(trx, [...ends('subject.erased').keys()]),
};
