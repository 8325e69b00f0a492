import type { InstallCommands } from '#cli';
import { installInvoke } from './invoke/invoke-command.ts';
import { installOperate } from './operate/operate-command.ts';
import { installProxy } from './proxy/proxy-command.ts';
import { installServe } from './serve/serve-command.ts';

/** The commands that need the whole server; the program lists them first. */
export const installCommands: readonly InstallCommands[] = [installServe, installProxy, installOperate, installInvoke];
