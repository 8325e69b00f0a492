import type { Result, Logger } from '#kernel';
import { watchConfiguration, type ConfigurationInput, type Problem, type Toolbox } from '#toolbox';
import type { WatchOptions } from './configured.ts';
import type { DeclaredNow } from './declared-now.ts';
import type { NamedDocuments } from './named-documents.ts';
import type { PolicyJudge } from './policy-judge.ts';
import type { RegisteredDocuments } from './registered-documents.ts';
import { orThrow, type ToldWarnings } from './told-problems.ts';

interface Followed extends WatchOptions {
  readonly documents: NamedDocuments;
  readonly toolbox: Toolbox;
  readonly registered: RegisteredDocuments;
  readonly declared: DeclaredNow;
  readonly judge: PolicyJudge;
  readonly warnings: ToldWarnings;
  readonly log: Logger;
}

/** Puts the files to use whenever one changes, all of them or none. */
export async function followFiles(followed: Followed): Promise<{ close(): Promise<void> }> {
  const { documents, toolbox, pollSeconds, log, reloaded } = followed;
  const { location, first } = documents;
  if (location === undefined) return { close: async () => {} };
  const watching = await watchConfiguration({
    location,
    loaded: first.inputs,
    ...(pollSeconds !== undefined && { pollMs: pollSeconds * 1000 }),
    failed: (cause) =>
      log.warn(
        { event: 'configuration.watch', err: cause },
        'changes of the configuration are looked for every 2 s, since the file system cannot tell of them',
      ),
    changed: async (files) => {
      try {
        const { secretFiles, tell } = await apply(files, followed);
        await watching.alsoWatch([...toolbox.files, ...secretFiles]);
        tell();
        log.info({ event: 'configuration.applied' }, 'the configuration changed and is in force');
        reloaded('applied');
      } catch (error) {
        log.error(
          { event: 'configuration.refused' },
          `the configuration changed and is refused; what ran before goes on\n${(error as Error).message}`,
        );
        reloaded('refused');
      }
    },
  });
  await watching.alsoWatch([...toolbox.files, ...first.secretFiles]);
  return watching;
}

/** Throws `CONFIGURATION_INVALID`, and everything is as it was. */
async function apply(
  files: Result<readonly ConfigurationInput[], readonly Problem[]>,
  { documents, toolbox, registered, declared, judge, warnings }: Followed,
): Promise<{ readonly secretFiles: readonly string[]; readonly tell: () => void }> {
  const next = documents.load(orThrow(files));
  judge.toolsChange = next.configuration.mcpServers.length > 0 || registered.count > 0;
  try {
    orThrow(await registered.reload(next));
  } finally {
    judge.toolsChange = true;
  }
  declared.take(next.configuration, judge.policies);
  return {
    secretFiles: next.secretFiles,
    tell: () => warnings.tell([...next.warnings, ...toolbox.warnings, ...judge.unsettled]),
  };
}
