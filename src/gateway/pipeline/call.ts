/**
 * One call, end to end. MCP, REST and `chatelaine invoke` come here and nowhere else, so no door can
 * skip a step; what was checked is what runs, because one canonical call object travels the whole way:
 *
 *   nothing of it contained → access → resolve the tool → policies, as far as they need no arguments
 *        → its standing → scopes → tokens the tool wants → arguments → policies → limits → approval
 *        → record the intent of a write
 *        → run → mask → shape → record the outcome
 *
 * Any step that fails or errs refuses, and so does a record that cannot be written. Authentication happened at the door, which also says how it
 * shapes an answer.
 */
import type { AuditTrail } from '#contract';
import { ChatelaineError, type Logger } from '#kernel';
import type { Admission, HeldCall, Spent } from '#registry';
import type { Tool, ToolCall, ToolOutput } from '#toolbox';
import { obey } from '../decisions/decisions.ts';
import type { AnswerMarks, CallShaping, Consulting } from '../shaping/index.ts';
import { checkAccess, checkRole } from './access.ts';
import { endingOf, isOfTheRecord } from './call-ending.ts';
import { toCatalogue } from './call-fault.ts';
import type { CallObserver, CallReport } from './call-observer.ts';
import { CallRecord, type Asked } from './call-record.ts';
import { ACCOUNT_NOT_LINKED, leadToLink, type CallerGrants } from './caller-grants.ts';
import type { CallRequest, Consultation } from './call-request.ts';
import type { CallSteps } from './call-steps.ts';
import { checkScopes, resolveTool, unknownTool } from './called-tool.ts';
import { checkArguments } from './check-arguments.ts';
import type { ConcurrencyLimit } from './concurrency-limit.ts';
import { measureOutput } from './measure-output.ts';
import { Consulted, RunningCall } from './running-call.ts';
import { checkOutput } from './structured-output.ts';
import { toolTokens, wantsTokens, type ToolTokens } from './tool-tokens.ts';

/** What a door makes of a tool's output, and of what the answer says of itself. */
export type Shape<Answer> = (tool: Tool, output: ToolOutput, marks: AnswerMarks | undefined) => Answer;

/** Takes note of whose entry it is, and gives it back. */
export type Found = <Entry extends { readonly server?: string | undefined }>(entry: Entry) => Entry;

export interface Pipeline {
  /** Runs the call and shapes its output; throws a catalogued error for every refusal and failure. */
  call<Answer>(request: CallRequest, shape: Shape<Answer>): Promise<Answer>;
  /**
   * A consultation is for credentials that read; the role in the namespace, the limit and the record hold for it
   * too. Throws their refusals, and whatever `run` throws. `run` tells `found` what it is about to ask, so that its
   * server is on record. `mask` is asked where masks apply.
   */
  consult<Value>(
    consultation: Consultation,
    run: (call: ToolCall, found: Found) => Promise<Value>,
    mask: (value: Value, masking: Consulting['masking']) => Value,
  ): Promise<Value>;
}

const NOTHING: Spent = Object.freeze({ rows: 0, bytes: 0 });

export function createPipeline(options: {
  limit: ConcurrencyLimit;
  steps: CallSteps;
  trail: AuditTrail;
  observers: readonly CallObserver[];
  grants?: CallerGrants | undefined;
  log: Logger;
}): Pipeline {
  const { limit, steps, trail, observers, grants, log } = options;
  const { decisions, watch, standings, limits, approvals, shaping, containment } = steps;

  async function call<Answer>(request: CallRequest, shape: Shape<Answer>): Promise<Answer> {
    const started = performance.now();
    const record = new CallRecord(trail, request, askedFor(request));
    let tool: Tool | undefined;
    let shaped: CallShaping | undefined;
    let judged: RunningCall | undefined;
    let outcome = 'ok';
    let held: HeldCall | undefined;
    try {
      held = containment?.enter(request.principal, request.view.name, request.name);
      checkAccess(request.principal, 'execute');
      tool = resolveTool(request);
      record.server = tool.server;
      if (standings?.isHidden(tool, request.principal) === true) throw unknownTool(request.name);
      const current = decisions.current();
      const policies = current instanceof Promise ? await current : current;
      const question = decisions.question(request, tool);
      let decision = policies.decideWithoutArguments(question);
      if (decision !== undefined) record.judged = { decision, question };
      // What policies deny altogether is as what is not there; lists leave it out as well.
      const ever = decision ?? policies.decideEver(question);
      if (!ever.allowed) {
        record.judged = { decision: ever, question };
        watch?.decided(question, ever, policies);
        throw unknownTool(request.name);
      }
      // Told to who could call it: to everybody else it is not there, quarantined or not.
      const unfit = standings?.refusal(tool);
      if (unfit !== undefined) throw unfit;
      record.pin = standings?.pinOf(tool);
      checkScopes(request, tool);
      let tokens: ToolTokens | undefined;
      if (wantsTokens(tool)) {
        tokens = await toolTokens(tool, request);
        record.onBehalfOf = tokens.subjects;
      }
      const args = checkArguments(tool, request, tokens);
      question.arguments = args;
      if (decision === undefined) {
        decision = policies.decide(question);
        record.judged = { decision, question };
      }
      watch?.decided(question, decision, policies);
      obey(decision, tool.name);
      const toShape = shaping?.of(request.view, tool, request.principal, decision.obligations.masks);
      shaped = toShape instanceof Promise ? await toShape : toShape;
      judged = new RunningCall(request, tool, args, { record, decisions, shaped, log, held, grants });
      const place = limit.placeOf(tool);
      limit.enter(place);
      let answer: Answer;
      let admission: Admission | undefined;
      let spent: Spent = NOTHING;
      try {
        const admitted = limits?.enter(judged, decision);
        admission = admitted instanceof Promise ? await admitted : admitted;
        if (admission !== undefined) request.admitted?.(admission);
        const claimed = approvals?.claim(judged, decision, standings?.pinOf(tool) ?? '');
        if (claimed !== undefined) await claimed;
        if (tool.mayWrite()) await record.intend();
        // Whatever the tool says from here on, as its answer or on the way, the caller may see.
        shaping?.saw(request.principal, tool);
        const ran = tool.run(args, judged);
        const output = ran instanceof Promise ? await ran : ran;
        if (admission?.charges === true) spent = measureOutput(output);
        if (shaped === undefined) checkOutput(tool, output);
        answer = shape(tool, shaped?.output(output) ?? output, shaped?.marks);
      } finally {
        limit.leave(place);
        admission?.leave(spent);
      }
      record.noted = shaped?.details;
      held?.settle();
      await record.settle({ outcome: 'success', decision: 'permit', durationMs: performance.now() - started });
      return answer;
    } catch (failure) {
      const isUnlinked = failure instanceof ChatelaineError && failure.code === ACCOUNT_NOT_LINKED;
      const error =
        isUnlinked && judged !== undefined && grants !== undefined
          ? await leadToLink(failure, judged, grants).catch((fault: unknown) => fault)
          : failure;
      const told = held?.stopped ?? toCatalogue(shaped?.failure(error) ?? error, request, log);
      record.noted = shaped?.details;
      const interruption = judged?.sentToPageFor;
      outcome = told instanceof ChatelaineError ? told.code : (interruption ?? 'CLIENT_INTERRUPTION');
      if (!isOfTheRecord(told)) await record.settle(endingOf(told, tool, performance.now() - started, interruption));
      throw told;
    } finally {
      held?.leave();
      const report: CallReport = { request, tool, outcome, durationMs: performance.now() - started };
      for (const observer of observers) observer.called(report);
    }
  }

  async function consult<Value>(
    consultation: Consultation,
    consulted: (call: ToolCall, found: Found) => Promise<Value>,
    mask: (value: Value, masking: Consulting['masking']) => Value,
  ): Promise<Value> {
    const started = performance.now();
    const record = new CallRecord(trail, consultation, consultation.asked);
    let held: HeldCall | undefined;
    try {
      held = containment?.enter(consultation.principal, consultation.asked.namespace, consultation.asked.name);
      checkAccess(consultation.principal, 'read');
      // Policies decide about tools, and so about finding them.
      if (consultation.asked.kind !== 'tool') checkRole(consultation.principal, consultation.asked.namespace);
      limit.enter(limit.consultations);
      let value: Value;
      try {
        const masked = await shaping?.ofConsultation(consultation.view, consultation.principal);
        const found: Found = (entry) => {
          record.server = entry.server;
          return entry;
        };
        value = await consulted(new Consulted(consultation, { record, shaped: masked, log, held, grants }), found);
        if (masked !== undefined) {
          value = mask(value, masked.masking);
          record.noted = masked.details;
        }
      } finally {
        limit.leave(limit.consultations);
      }
      held?.settle();
      await record.settle({ outcome: 'success', decision: 'permit', durationMs: performance.now() - started });
      return value;
    } catch (error) {
      const told = held?.stopped ?? error;
      if (!isOfTheRecord(told)) await record.settle(endingOf(told, undefined, performance.now() - started));
      throw told;
    } finally {
      held?.leave();
    }
  }

  return { call, consult };
}

const askedFor = ({ view, name, arguments: args }: CallRequest): Asked => ({
  kind: 'tool',
  namespace: view.name,
  name,
  arguments: args,
});
