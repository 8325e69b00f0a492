/** The environment of a server's process: of ours nothing, since secrets stand there. */
import { connectionError } from '../errors.ts';
import type { ProcessPlan } from './process-plan.ts';

const PATH = '/usr/local/bin:/usr/bin:/bin';

/**
 * Variables that make a program run other code than its own. Whoever may fill in values (a template, a reference)
 * must not thereby choose code; naming one in the configuration document itself is that choice made in the open.
 */
const LOADERS =
  /^(?:LD_.*|DYLD_.*|NODE_OPTIONS|NODE_PATH|NODE_REPL_EXTERNAL_MODULE|PYTHON(?:PATH|HOME|STARTUP|INSPECT|BREAKPOINT|WARNINGS|USERBASE)|PERL5?(?:OPT|LIB|DB)|RUBY(?:OPT|LIB)|JAVA_TOOL_OPTIONS|_JAVA_OPTIONS|JDK_JAVA_OPTIONS|CLASSPATH|BASH_ENV|ENV|BASH_FUNC_.*|SHELLOPTS|BASHOPTS|IFS|PS4|PROMPT_COMMAND|GCONV_PATH|GETCONF_DIR|LOCPATH|NLSPATH|MALLOC_.*|GLIBC_TUNABLES|RES_OPTIONS|HOSTALIASES|GIT_(?:SSH.*|EXEC_PATH|CONFIG.*|EXTERNAL_DIFF|ASKPASS)|NPM_CONFIG_.*|DOTNET_STARTUP_HOOKS|CORECLR_.*|COR_.*|PHPRC|PHP_INI_SCAN_DIR|LUA_(?:INIT|PATH|CPATH).*|OPENSSL_(?:CONF|ENGINES|MODULES).*)$/i;

/** Throws `SERVER_PROCESS_REFUSED` for a name that is none, for NUL in a value, and for loaders that nobody allowed. */
export function environmentOf(server: string, plan: ProcessPlan): Record<string, string> {
  const environment: Record<string, string> = { PATH: plan.path ?? PATH, HOME: plan.directory, TMPDIR: plan.directory };
  for (const [name, value] of Object.entries(plan.env)) {
    if (!/^[A-Za-z_][A-Za-z0-9_]*$/.test(name) || value.includes('\0')) {
      throw refused(server, `\`${name}\` cannot be a variable of its environment`);
    }
    if (LOADERS.test(name) && plan.allowedLoaderVariables?.includes(name) !== true) {
      throw refused(server, `\`${name}\` changes which code it runs, and is not named in the document itself`);
    }
    environment[name] = value;
  }
  return environment;
}

export const refused = (server: string, why: string, cause?: unknown): Error =>
  connectionError('SERVER_PROCESS_REFUSED', `the process of \`${server}\`: ${why}`, { cause });
