/** One answer, in this order: as promised, nothing hidden, nothing that masks cover, still as promised, marked. */
import type { AuditEvent, ClientFace, OutputSettings } from '#contract';
import { ChatelaineError } from '#kernel';
import { startPatternBudget, type Tool, type ToolOutput } from '#toolbox';
import { gatewayError } from '../errors.ts';
import { checkOutput, keepsPromise } from '../pipeline/structured-output.ts';
import type { Flags } from './labels/hidden.ts';
import { showHidden } from './labels/hidden.ts';
import { metaOfLabels, withoutHidden, withoutOurWords } from './labels/untrusted-output.ts';
import { marksAround } from './labels/wrap.ts';
import { Masking } from './mask/mask-output.ts';
import { maskedClient } from './mask/masked-client.ts';
import { keepingMembers, type MaskRules, type Tally } from './mask/rules.ts';
import { isUntrusted, type AnswerMarks, type CallShaping, type Consulting } from './output-shaping.ts';

interface ShapedCallOptions {
  readonly tool: Tool;
  /** Undefined where no mask applies. */
  readonly rules: MaskRules | undefined;
  readonly labels: readonly string[];
  readonly settings: OutputSettings;
}

export class ShapedCall implements CallShaping {
  readonly #options: ShapedCallOptions;
  readonly #flags: Flags = new Map();
  readonly #tallies: Tally[] = [];

  constructor(options: ShapedCallOptions) {
    this.#options = options;
  }

  client(face: ClientFace): ClientFace {
    const { rules } = this.#options;
    return rules === undefined ? face : maskedClient(face, this.#masking(rules), this.#masking(textsOf(rules)));
  }

  output(output: ToolOutput): ToolOutput {
    const { tool, rules, labels, settings } = this.#options;
    checkOutput(tool, output);
    const seen = isUntrusted(labels) ? withoutHidden(withoutOurWords(output), settings.hidden, this.#flags) : output;
    if (this.#flags.size > 0 && !keepsPromise(tool, seen))
      throw gatewayError(
        'OUTPUT_BLOCKED',
        `the answer of \`${tool.name}\` hides characters where its \`outputSchema\` allows no other text`,
      );
    return rules === undefined ? seen : this.#mask(seen, rules);
  }

  failure(error: unknown): unknown {
    const { rules, labels, settings } = this.#options;
    if (!(error instanceof ChatelaineError) || OWN_WORDS.has(error.code)) return error;
    const shown =
      isUntrusted(labels) && settings.hidden !== 'keep'
        ? showHidden(error.message, settings.hidden, this.#flags)
        : error.message;
    let message = shown;
    try {
      if (rules !== undefined) message = this.#masked(textsOf(rules), (masking) => masking.text(shown));
    } catch (blocked) {
      return blocked;
    }
    if (message === error.message) return error;
    const { status, remedy, details } = error;
    return new ChatelaineError(error.code, { status, title: message, remedy }, message, {
      cause: error,
      ...(details && { details }),
    });
  }

  get marks(): AnswerMarks | undefined {
    const { tool, labels, settings } = this.#options;
    const untrusted = isUntrusted(labels) && settings.untrusted !== 'off';
    const said = untrusted ? labels : labels.filter((label) => !isUntrusted([label]));
    if (said.length === 0) return undefined;
    const around =
      untrusted && settings.untrusted === 'wrap' ? marksAround(`${tool.namespace}/${tool.name}`) : undefined;
    return { meta: metaOfLabels(tool, said), untrusted, around };
  }

  get details(): AuditEvent['details'] {
    if (this.#tallies.every((tally) => tally.size === 0) && this.#flags.size === 0 && this.#options.labels.length === 0)
      return undefined;
    return {
      ...maskedDetails(this.#tallies),
      ...(this.#flags.size > 0 && { output_flagged: [...this.#flags].map(([kind, times]) => `${kind} ${times}`) }),
      ...(this.#options.labels.length > 0 && { labels: [...this.#options.labels] }),
    };
  }

  /** Where the schema promises what a mask takes away, something stands in its place; where nothing can, no answer. */
  #mask(output: ToolOutput, rules: MaskRules): ToolOutput {
    const { tool } = this.#options;
    const masked = this.#masked(rules, (masking) => masking.output(output));
    if (masked === output || keepsPromise(tool, masked)) return masked;
    this.#tallies.pop();
    const kept = this.#masked(keepingMembers(rules), (masking) => masking.output(output));
    if (keepsPromise(tool, kept)) return kept;
    const [mask] = this.#tallies.at(-1)?.keys() ?? [];
    throw gatewayError(
      'OUTPUT_BLOCKED',
      `the answer is not given: what mask \`${mask ?? ''}\` covers, the \`outputSchema\` of \`${tool.name}\` allows nothing to stand for`,
      { details: { mask } },
    );
  }

  #masked<Value>(rules: MaskRules, mask: (masking: Masking) => Value): Value {
    startPatternBudget();
    return mask(this.#masking(rules));
  }

  #masking(rules: MaskRules): Masking {
    const masking = new Masking(rules);
    this.#tallies.push(masking.tally);
    return masking;
  }
}

export class MaskedConsultation implements Consulting {
  readonly masking: Masking;
  readonly #patterns: Masking;

  constructor(rules: MaskRules) {
    this.masking = new Masking(rules);
    this.#patterns = new Masking(textsOf(rules));
    startPatternBudget();
  }

  client(face: ClientFace): ClientFace {
    return maskedClient(face, this.masking, this.#patterns);
  }

  get details(): AuditEvent['details'] {
    return maskedDetails([this.masking.tally, this.#patterns.tally]);
  }
}

const textsOf = (rules: MaskRules): MaskRules => ({ ...rules, fields: [] });

/** What the pipeline itself says, of the caller's own values. */
const OWN_WORDS: ReadonlySet<string> = new Set(['OUTPUT_BLOCKED', 'OUTPUT_INVALID', 'CALL_CANCELLED', 'TOOL_TIMEOUT']);

function maskedDetails(tallies: readonly Tally[]): AuditEvent['details'] {
  const sums = new Map<string, number>();
  for (const tally of tallies) for (const [mask, times] of tally) sums.set(mask, (sums.get(mask) ?? 0) + times);
  return sums.size === 0 ? undefined : { masked: [...sums].map(([mask, times]) => `${mask} ${times}`) };
}
