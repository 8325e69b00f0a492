/**
 * registry: what there is to call, and on what terms.
 *
 * Owns what stands between a decision and a call (`steps.ts`: the ports through which the gateway asks). Does not
 * own: whether somebody may (policy), how a tool runs and how its document is read (toolbox, behind the port
 * `RunningTools`), how calls come in (gateway). Each subject is a folder that opens with its own guide:
 *
 *   access/        wishes for access to a tool, and their review
 *   anomalies/     what is not like its caller
 *   approvals/     calls that wait for the yes of people
 *   contain/       what was stopped everywhere
 *   credentials/   short-lived credentials for one tool, vended after a decision
 *   limits/        how much callers may do, and how much they did
 *   pins/          of all tools: which definition was approved, what changed since, and who decides about it
 *   reviews/       campaigns in which people decide who goes on holding what
 *   search/        which tools fit some words
 *   tools/         tools that publishers register, with their history and what they lack
 *   usage/         how tools are used, as sums
 *
 * Tables are queried in `store/` alone. RFC 8785 (canonical JSON), UTS 39 (what looks alike), UAX 31 §2.3 (joiners),
 * Semantic Versioning 2.0.0.
 */
import type { DatabaseOrTransaction } from '#db';
import type { Route } from '#http';
import type * as Limited from './limits/index.ts';
import type { PinStanding } from './pins/pin.ts';
import type * as Lints from './tools/lints.ts';
import type * as LookAlikeNames from './tools/look-alikes.ts';
import type { publicationJudge } from './pins/publication-judge.ts';
import type { PinBoard } from './pins/pin-board.ts';
import type { registryRoutes } from './routes/index.ts';
import type * as Access from './access/index.ts';
import type { AccessRouteParts } from './access/routes.ts';
import type * as Credentials from './credentials/index.ts';
import type { CredentialRouteParts } from './credentials/routes.ts';
import type * as Reviews from './reviews/index.ts';
import type * as Search from './search/index.ts';
import type { FindTools } from './search/routes.ts';
import { listStandings } from './store/pins-store.ts';
import { listTools } from './store/tools-store.ts';
import type { RegisteredTool } from './tools/registered-tool.ts';
import type { ToolRegistry } from './tools/tool-registry.ts';

export type { Admission, CallApprovals, CallLimits, JudgedCall, Spent, ToolStandings } from './steps.ts';
export { Standings } from './pins/standings.ts';
export type { PinBoard } from './pins/pin-board.ts';
export type { ToolName } from './pins/pin.ts';
export type { RegisteredTool } from './tools/registered-tool.ts';
export type { ToolRegistry } from './tools/tool-registry.ts';
export type { RunningTools, ToolUsage, TrialDocument, UsageFacts } from './tools/running-tools.ts';
export type { Lint } from './tools/lints.ts';
export { readRegistryVersion } from './store/tools-store.ts';

/** What is registered and pinned, as a start needs it. */
export async function readRegistry(db: DatabaseOrTransaction): Promise<{
  readonly tools: readonly RegisteredTool[];
  readonly standings: readonly PinStanding[];
}> {
  return { tools: await listTools(db), standings: await listStandings(db) };
}

/** Loaded when something is published, decided or remembered: a call needs none of it. */
export async function loadToolRegistry(): Promise<{
  readonly PinBoard: typeof PinBoard;
  readonly publicationJudge: typeof publicationJudge;
  readonly ToolRegistry: typeof ToolRegistry;
}> {
  const [pins, judge, tools] = await Promise.all([
    import('./pins/pin-board.ts'),
    import('./pins/publication-judge.ts'),
    import('./tools/tool-registry.ts'),
  ]);
  return { PinBoard: pins.PinBoard, publicationJudge: judge.publicationJudge, ToolRegistry: tools.ToolRegistry };
}

/** Loaded when used, likewise. */
export const loadToolLints = async (): Promise<typeof Lints & typeof LookAlikeNames> => ({
  ...(await import('./tools/lints.ts')),
  ...(await import('./tools/look-alikes.ts')),
});

/** Loaded when used: a server that only serves tools needs no routes. */
export const loadRegistryRoutes = async (
  ...parts: Parameters<typeof registryRoutes>
): Promise<ReturnType<typeof registryRoutes>> => (await import('./routes/index.ts')).registryRoutes(...parts);

export { LONGEST_QUERY, LONGEST_TAG, MOST_FOUND, MOST_TAGS, USUALLY_FOUND } from './search/bounds.ts';
export type { FindTools, Searcher } from './search/routes.ts';
export type { Question, ToolSearch } from './search/index.ts';
/** Loaded when somebody searches: lists need none of it. */
export const loadToolSearch = async (): Promise<typeof Search> => import('./search/index.ts');
/** The routes of searching, for who serves the API. */
export const loadToolSearchRoutes = async (find: FindTools | undefined): Promise<readonly Route[]> =>
  (await import('./search/routes.ts')).toolSearchRoutes(find);
export {
  APPROVAL_PAGES,
  approvalArgumentsColumn,
  ApprovalNotices,
  approvalsAfterRestore,
  endOverdue,
  loadAnswerDoor,
  loadApprovalPages,
  loadApprovalRoutes,
  openApprovals,
  startExpiry,
  type ApprovalOutcome,
  type Approvals,
  type ApprovalsParts,
  type ClaimedDecision,
  type ClaimingCall,
  type DecidedFrom,
  type MayApprove,
  type PostMessage,
} from './approvals/index.ts';

export type { Limits, LimitsOptions } from './limits/index.ts';
/** Loaded by the first call. */
export const loadLimits = async (): Promise<typeof Limited> => import('./limits/index.ts');

export type * from './credentials/index.ts';
/** Loaded by the first who asks for a credential or comes with one. */
export const loadCredentials = async (): Promise<typeof Credentials> => import('./credentials/index.ts');
export const loadCredentialRoutes = async (parts: CredentialRouteParts): Promise<readonly Route[]> =>
  (await import('./credentials/routes.ts')).credentialRoutes(parts);

export type * from './access/index.ts';
/** Loaded when somebody is cut off, or asks for access. */
export const loadAccess = async (): Promise<typeof Access> => import('./access/index.ts');
export const loadAccessRoutes = async (parts: AccessRouteParts): Promise<readonly Route[]> =>
  (await import('./access/routes.ts')).accessRoutes(parts);

export type { Campaigns, ReviewReport, ReviewsParts } from './reviews/index.ts';
/** Loaded when used. */
export const loadReviews = async (): Promise<typeof Reviews> => import('./reviews/index.ts');
/** Loaded a while after a start: what a campaign asks for that is due. */
export const loadDueReviews = async () => (await import('./reviews/due.ts')).startDueReviews;
export type { CallContainment, HeldCall } from './steps.ts';
export { argumentSize } from './anomalies/argument-size.ts';
export type { AnomalyWatch, NotedCall } from './anomalies/anomaly-watch.ts';
export type { AlertNotices } from './anomalies/alert-notices.ts';
export type { DecoyTouch, DecoyWatch } from './anomalies/decoy-watch.ts';
export type { AlertReceiver } from './anomalies/alert-receiver.ts';
export type { AnomalyKind, Profile } from './anomalies/profile.ts';
export type { UsageRecorder } from './usage/usage-recorder.ts';
export type { UsedTools } from './usage/usage-facts.ts';
export type { ContainmentsParts } from './contain/containments.ts';
export { RunningCalls } from './contain/running-calls.ts';
export { ServingProcessDuty } from './contain/serving-process.ts';

/** Loaded when used: by the first call that ends, by the first request about them. */
export const loadUsage = async () => ({
  ...(await import('./usage/usage-recorder.ts')),
  ...(await import('./usage/usage-facts.ts')),
  ...(await import('./usage/start-forgetting.ts')),
});
export const loadAnomalies = async () => ({
  ...(await import('./anomalies/anomaly-watch.ts')),
  ...(await import('./anomalies/habits.ts')),
  ...(await import('./anomalies/profile.ts')),
  ...(await import('./anomalies/start-forgetting.ts')),
  ...(await import('./anomalies/alert-notices.ts')),
  ...(await import('./anomalies/webhook-receiver.ts')),
  ...(await import('./anomalies/decoy-watch.ts')),
  ...(await import('./anomalies/email-receiver.ts')),
  ...(await import('./store/alerts-store.ts')),
});
export const loadIncidentRoutes = async () => {
  const [{ statisticsRoutes }, { alertRoutes }, { containmentRoutes }, { Containments }] = await Promise.all([
    import('./usage/routes.ts'),
    import('./anomalies/routes.ts'),
    import('./contain/routes.ts'),
    import('./contain/containments.ts'),
  ]);
  return { statisticsRoutes, alertRoutes, containmentRoutes, Containments };
};
export const loadContainmentReports = async () => await import('./contain/verify-report.ts');
