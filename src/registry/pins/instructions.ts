import { plainOf } from './hidden-text.ts';

/**
 * Sentences that a description has no reason to hold, since they are said to the model and not of the tool. Whoever
 * means harm writes others; what is found here is looked at by a person, and nothing is passed because nothing was.
 */
const PATTERNS: readonly (readonly [what: string, pattern: RegExp])[] = [
  [
    'tells the model to put instructions aside',
    /\b(?:ignore|disregard|forget|override|bypass)\b[^.]{0,60}\b(?:instruction|prompt|rule|guardrail|polic(?:y|ies)|guideline)s?\b/,
  ],
  [
    'tells the model to keep something from a person',
    /\b(?:do not|don't|never|without)\b[^.]{0,30}\b(?:tell|telling|mention|mentioning|inform|informing|notify|notifying|reveal|revealing|show|showing|ask|asking)\b[^.]{0,40}\b(?:user|human|person|anyone|anybody|operator)\b/,
  ],
  [
    'speaks as the system',
    /<\/?\s*(?:system|important|instructions?|assistant|admin|secret)\b[^>]*>|\[(?:system|inst)\]|\bsystem prompt\b/,
  ],
  [
    'asks for a call before or after every other',
    /\b(?:before|after|instead of|whenever|every time)\b[^.]{0,30}\b(?:using|calling|invoking|you (?:use|call|invoke))\b[^.]{0,30}\b(?:any|other|another|every|all)\b[^.]{0,20}\btools?\b/,
  ],
  ['commands the model', /\byou (?:must|have to|are required to) (?:always|first|also|immediately|secretly)\b/],
  [
    'asks for files, keys or the conversation',
    /(?:~|\$home|\/home\/\w+|\/root)\/\.(?:ssh|aws|config|cursor|kube|npmrc)|\bid_(?:rsa|ed25519)\b|\/etc\/(?:passwd|shadow)|\b(?:entire|whole|full|complete) (?:conversation|chat|context)\b/,
  ],
  [
    'carries markup that runs or loads',
    /<(?:script|img|iframe|svg|object|embed)\b|\bon(?:error|load|click)\s*=|\bjavascript:|\bdata:(?:text\/html|image\/svg)/,
  ],
];

/** What of the text is addressed to a model, or runs where it is shown; a few words each. */
export function instructionsIn(text: string): readonly string[] {
  const plain = plainOf(text);
  return PATTERNS.filter(([, pattern]) => pattern.test(plain)).map(([what]) => what);
}
