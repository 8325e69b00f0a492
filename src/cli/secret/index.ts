import type { InstallCommands } from '../context.ts';
import { addSecretDelete, addSecretDisable, addSecretEnable } from './change.ts';
import { addSecretRewrap, addSecretRotateKey, addSecretWrappers } from './keys.ts';
import { addSecretList, addSecretShow } from './list.ts';
import { addSecretPut, addSecretRotate } from './put.ts';

/** `chatelaine secret …`: what the vault keeps for tools, sources and servers. */
export const installSecretCommands: InstallCommands = (program, context) => {
  const secret = program
    .command('secret')
    .description('keep, list, rotate and delete the secrets of tools and sources');
  const verbs = [
    addSecretList,
    addSecretShow,
    addSecretPut,
    addSecretRotate,
    addSecretDisable,
    addSecretEnable,
    addSecretDelete,
    addSecretWrappers,
    addSecretRewrap,
    addSecretRotateKey,
  ];
  for (const add of verbs) add(secret, context);
};
