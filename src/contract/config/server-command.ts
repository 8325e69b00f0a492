/**
 * What may be started as a child process. A command in a configuration is code that runs with our rights
 * (CVE-2026-23744, CVE-2025-49596): it is a path that `kind: server` lists, no shell, and no package that whoever
 * holds its name may replace.
 */
import { z } from 'zod';

/** An absolute path of plain characters: nothing that a shell, a log or a reader would take for something else. */
export const commandPath = z
  .string()
  .max(1024)
  .regex(/^\/(?!.*(?:^|\/)\.\.?(?:\/|$))[A-Za-z0-9_.@+/-]+$/, {
    error: 'a command is an absolute path of letters, digits and `_.@+-/`; what it is given stands in `args`',
  });

/** `mcpServers:` of `kind: server`. */
export const childServersSchema = z.strictObject({
  commands: z
    .array(commandPath)
    .max(100)
    .default([])
    .describe('The programs that `command` of `kind: mcpServer` may name; none without it.'),
});

interface CommandFault {
  readonly path: (string | number)[];
  readonly message: string;
}

/** They run what their arguments say. */
const SHELLS = new Set(
  'sh bash dash ash zsh ksh mksh fish csh tcsh busybox env xargs sudo doas su nohup setsid script eval pwsh powershell cmd'.split(
    ' ',
  ),
);

/** They fetch and run what their arguments name. */
const RUNNERS = new Set('npx pnpx bunx uvx pipx npm pnpm yarn bun uv deno docker podman'.split(' '));

/** `name@1.2.3`, `name==1.2.3`, `image@sha256:…`: what was looked at is what runs. */
const PINNED = /^(?:@?[\w.-]+\/)*[\w.-]+(?:(?:@|==)\d+\.\d+\.\d+(?:[-+][\w.-]+)?|@sha256:[0-9a-f]{64})$/;

/** Variables by which others load code into a process, or turn what it trusts. */
const LOADING =
  /^(?:LD_.*|DYLD_.*|NODE_OPTIONS|NODE_PATH|NODE_EXTRA_CA_CERTS|NODE_TLS_REJECT_UNAUTHORIZED|PYTHONPATH|PYTHONSTARTUP|PYTHONHOME|PYTHONINSPECT|PERL5OPT|PERL5LIB|RUBYOPT|RUBYLIB|JAVA_TOOL_OPTIONS|_JAVA_OPTIONS|JDK_JAVA_OPTIONS|CLASSPATH|BASH_ENV|ENV|IFS|SHELLOPTS|PATH|GIT_SSH_COMMAND|npm_config_.*)$/i;

/** Everything that stands against starting it, whoever allowed the path. */
export function commandFaults(
  command: string,
  args: readonly string[],
  variables: readonly string[],
): readonly CommandFault[] {
  const program = command
    .slice(command.lastIndexOf('/') + 1)
    .replace(/\.(?:exe|cmd|bat)$/i, '')
    .toLowerCase();
  const faults: CommandFault[] = [];
  if (SHELLS.has(program))
    faults.push({
      path: ['command'],
      message: `\`${program}\` runs whatever its arguments say; name the program itself`,
    });
  if (RUNNERS.has(program) && !args.some((arg) => PINNED.test(arg)))
    faults.push({
      path: ['args'],
      message: `\`${program}\` would run whatever its registry gives out today; name an exact version, such as \`name@1.2.3\`, or a digest`,
    });
  args.forEach((arg, index) => {
    if (/\p{Cc}/u.test(arg)) faults.push({ path: ['args', index], message: 'an argument holds control characters' });
    else if (/[;&|`<>]|\$[({]/.test(arg))
      faults.push({
        path: ['args', index],
        message: 'no shell reads the arguments; what means something to one alone (`;`, `|`, `&`, `$(`, …) is refused',
      });
  });
  for (const name of variables)
    if (LOADING.test(name))
      faults.push({
        path: ['env', name],
        message: `\`${name}\` would load code into the process, or change whom it trusts`,
      });
  return faults;
}
