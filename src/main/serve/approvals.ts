import type { ServerSettings } from '#contract';
import { approvePolicy, type Metrics, type Pages } from '#gateway';
import type { PostMessage } from '#registry';
import type { Clock, Logger } from '#kernel';
import type { ToolboxSnapshot } from '#toolbox';
import type { Endings } from '../endings.ts';
import { lateApprovals, type LateApprovals } from '../services/approvals.ts';
import type { Services } from '../services/index.ts';

export interface ServedApprovalsParts {
  readonly services: Services;
  readonly settings: Pick<ServerSettings, 'approvals' | 'publicUrl' | 'theme'>;
  readonly snapshot: () => ToolboxSnapshot;
  /** Whether people reach pages of this server. */
  readonly hasPages: boolean;
  readonly metrics: Metrics | undefined;
  readonly clock: Clock;
  readonly log: Logger;
  readonly endings: Endings;
}

export interface ServedApprovals {
  readonly approvals: LateApprovals;
  /** The pages for people, and the door for signed answers. */
  readonly pages: Pages;
}

const WAKING_MS = 60_000;

/**
 * Approvals as a server has them: the step of calls, the pages, the door for signed answers; what is over is written
 * down, and who is to be told of requests is told, also of those that another process or an earlier run left.
 */
export function servedApprovals(parts: ServedApprovalsParts): ServedApprovals {
  const { services, settings, snapshot, hasPages, metrics, clock, log, endings } = parts;
  const mayApprovePolicy = approvePolicy({ policies: services.policies, snapshot, clock });
  let kick: (() => void) | undefined;
  const approvals = lateApprovals({
    ...{ services, settings: settings.approvals },
    mayApprove: (person, { namespace, tool }, from) => mayApprovePolicy(person, { namespace, tool, ...from }),
    publicUrl: () => {
      if (hasPages) return services.signIn().publicUrl;
      // Standard input has no pages; a server beside it may.
      return settings.publicUrl === undefined ? undefined : new URL(settings.publicUrl);
    },
    counted: (outcome) => metrics?.approval(outcome),
    asked: () =>
      void awake().then(
        () => kick?.(),
        () => {},
      ),
  });
  let awakening: Promise<void> | undefined;
  const awake = (): Promise<void> => {
    awakening ??= wake();
    // What failed may succeed with the next request.
    awakening.catch(() => (awakening = undefined));
    return awakening;
  };

  async function wake(): Promise<void> {
    const [{ ApprovalNotices, startExpiry }, { parts: opened }] = await Promise.all([import('#registry'), approvals()]);
    endings.add('approvals that have expired', startExpiry(opened, log));
    if (settings.approvals.webhook === undefined) return;
    const started = new ApprovalNotices(opened, await poster(settings.approvals.webhook, endings), log).start();
    kick = started.kick;
    endings.add('news of approvals', started.stop);
  }

  // The start does not wait for what the last run left, and neither does the first request.
  const waking = setTimeout(
    () => void awake().catch((error: unknown) => log.error({ err: error }, 'approvals could not be opened')),
    WAKING_MS,
  ).unref();
  endings.add('waking of approvals', () => clearTimeout(waking));
  return { approvals, pages: latePages(approvals, parts) };
}

/** Through the egress guard: who configured the receiver did not mean the network behind it. */
export async function poster(
  webhook: Pick<
    NonNullable<ServerSettings['approvals']['webhook']>,
    'allowedIpRanges' | 'allowPrivateNetworks' | 'customBlockedIpRanges'
  >,
  endings: Endings,
): Promise<PostMessage> {
  const { EgressClient, egressRulesOf } = await import('#egress');
  const egress = new EgressClient({ rules: egressRulesOf(webhook) });
  endings.add('receiver of approvals', () => egress.close());
  return async ({ url, headers, body }) => {
    const { status } = await egress.request({
      ...{ method: 'POST', url, headers, body: Buffer.from(body), follow: 'never' },
      ...{ signal: new AbortController().signal, timeoutMs: 20_000, maxBytes: 4096 },
    });
    return status;
  };
}

const PAGE = /^\/console\/approvals(?:\/[0-9a-z]{10,40})?\/?$/;
const ANSWER = /^\/api\/v1\/approvals\/[0-9a-z]{10,40}\/decision$/;

/** Made when the first of them is asked for. */
function latePages(
  approvals: LateApprovals,
  { services, settings, clock, log, hasPages, endings }: ServedApprovalsParts,
): Pages {
  let opening: Promise<Pages['handle']> | undefined;
  async function open(): Promise<Pages['handle']> {
    const [{ loadAnswerDoor, loadApprovalPages }, opened] = await Promise.all([import('#registry'), approvals()]);
    const options = { approvals: opened, clock, log };
    const pages = await loadApprovalPages({ ...options, signIn: services.signIn(), theme: settings.theme });
    const answers = await loadAnswerDoor({ ...options, trail: services.audit });
    endings.add('refused answers that were counted', answers.close);
    return async (request, response, arrival) => {
      const path = (request.url ?? '/').split('?', 1)[0] as string;
      await (pages.answers(path)
        ? pages.handle(request, response, arrival)
        : answers.handle(request, response, arrival));
    };
  }
  return {
    answers: (path) =>
      (hasPages && path.startsWith('/console/approvals') && PAGE.test(path)) ||
      (settings.approvals.deciders.length > 0 && path.startsWith('/api/v1/approvals/') && ANSWER.test(path)),
    async handle(request, response, arrival) {
      opening ??= open();
      opening.catch(() => (opening = undefined));
      let handle: Pages['handle'];
      try {
        handle = await opening;
      } catch (error) {
        log.error({ err: error }, 'approvals could not be opened');
        return void response.writeHead(503, { 'Retry-After': '1', 'Content-Length': 0 }).end();
      }
      await handle(request, response, arrival);
    },
  };
}
