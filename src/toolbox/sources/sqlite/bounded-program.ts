/**
 * Whether a statement is cheap for certain, read from the program that SQLite compiled it to
 * (https://sqlite.org/opcode.html).
 *
 * The proof: no instruction runs twice, since every jump leads forward, and each instruction on the
 * list costs at most a walk down a b-tree or the reading of one value of bounded length. An estimate
 * of rows would be a guess about the data; a program without a loop has nothing to guess. A lookup by
 * full equality on a primary key or a unique index compiles to one, and so do joins of such lookups.
 * Whatever is not on the list (scans, sorts, subroutines, virtual tables, writes) is not bounded.
 */

/** A row of `EXPLAIN`. */
export interface Instruction {
  readonly opcode: string;
  readonly p1: number;
  readonly p2: number;
  readonly p4: string | null;
}

/** Above this a program is left to the pool, however straight: its instructions add up. */
const MOST_INSTRUCTIONS = 250;

/** They may jump, to `p2`. */
const JUMPS = new Set([
  'DecrJumpZero',
  'ElseEq',
  'Eq',
  'Found',
  'Ge',
  'Goto',
  'Gt',
  'IdxGE',
  'IdxGT',
  'IdxLE',
  'IdxLT',
  'If',
  'IfNot',
  'IfNotZero',
  'IfNullRow',
  'IfPos',
  'IsNull',
  'IsType',
  'Le',
  'Lt',
  'Ne',
  'NotExists',
  'NotFound',
  'NotNull',
  'Once',
  'SeekGE',
  'SeekGT',
  'SeekLE',
  'SeekLT',
  'SeekRowid',
]);

/** They go on to the next instruction, or end the program. */
const STEPS = new Set([
  'Add',
  'Affinity',
  'And',
  // A subroutine that nothing calls (`Gosub` is on neither list) runs where it stands, and its
  // `Return` falls through: that is how a scalar subquery compiles.
  'BeginSubrtn',
  'BitAnd',
  'BitNot',
  'BitOr',
  'Blob',
  'Cast',
  'Close',
  'CollSeq',
  'Column',
  'Concat',
  'Copy',
  'DeferredSeek',
  'Divide',
  'Explain',
  'FinishSeek',
  'Halt',
  'HaltIfNull',
  'IdxRowid',
  'Int64',
  'IntCopy',
  'Integer',
  'IsTrue',
  'Move',
  'Multiply',
  'Noop',
  'Not',
  'Null',
  'NullRow',
  'OpenRead',
  'Or',
  'Real',
  'RealAffinity',
  'Remainder',
  'ResultRow',
  'Return',
  'Rowid',
  'SCopy',
  'ShiftLeft',
  'ShiftRight',
  'String',
  'String8',
  'Subtract',
  'Variable',
  'ZeroOrNull',
]);

/** They call the SQL function that `p4` names with its number of arguments. */
const CALLS = new Set(['Function', 'PureFunc', 'AggStep', 'AggFinal']);

/** Functions whose cost grows with the length of what they are given and no faster. */
const CHEAP_FUNCTIONS = new Set([
  ...['abs', 'ceil', 'ceiling', 'floor', 'round', 'sign', 'trunc', 'mod', 'pow', 'power', 'sqrt', 'min', 'max'],
  ...['length', 'octet_length', 'lower', 'upper', 'substr', 'substring', 'hex', 'quote', 'typeof', 'unicode', 'char'],
  ...['coalesce', 'ifnull', 'nullif', 'iif', 'if', 'likely', 'unlikely', 'concat', 'concat_ws'],
  ...['date', 'time', 'datetime', 'julianday', 'unixepoch', 'timediff'],
  ...['json', 'json_array', 'json_object', 'json_extract', 'json_type', 'json_valid', 'json_array_length', '->', '->>'],
  ...['count', 'sum', 'total', 'avg'],
]);
/** With a second argument these compare every character with every other. */
const CHEAP_WITH_ONE_ARGUMENT = new Set(['trim', 'ltrim', 'rtrim']);

/** Whether the program runs no instruction twice and every instruction on it is cheap. */
export function isBounded(program: readonly Instruction[]): boolean {
  const init = program[0];
  const last = program.at(-1);
  if (program.length > MOST_INSTRUCTIONS || init?.opcode !== 'Init' || last?.opcode !== 'Goto') return false;
  // A program starts at its end: `Init` jumps to a preamble, whose last instruction jumps back to the
  // body. That is the one jump backward, and it runs once: the body ends in `Halt` before the preamble.
  const preamble = init.p2;
  if (last.p2 !== 1 || program[preamble - 1]?.opcode !== 'Halt') return false;
  return program.every((instruction, address) => {
    if (address === 0 || address === program.length - 1) return true;
    return isCheap(instruction) && leadsForward(instruction, address, address < preamble ? preamble : program.length);
  });
}

function leadsForward({ opcode, p2 }: Instruction, address: number, end: number): boolean {
  return !JUMPS.has(opcode) || (p2 > address && p2 < end);
}

function isCheap({ opcode, p2, p4 }: Instruction): boolean {
  // A transaction that only reads: `p2` is 1 for a write.
  if (opcode === 'Transaction') return p2 === 0;
  if (!CALLS.has(opcode)) return JUMPS.has(opcode) || STEPS.has(opcode);
  const call = /^(.+)\((-?\d+)\)$/.exec(p4 ?? '');
  const name = call?.[1] ?? '';
  return CHEAP_FUNCTIONS.has(name) || (CHEAP_WITH_ONE_ARGUMENT.has(name) && call?.[2] === '1');
}
