/**
 * An identifier in a statement: quoted for the dialect, so that it can be nothing else. Bare or inside
 * quotes that the author wrote; anywhere else it is refused when the statement is read.
 */
import type { ParameterDeclaration } from '#contract';
import { quoteValue } from '../../parameters/index.ts';
import type { SqlDialect } from '../../sources/source.ts';
import { ConfigurationFault } from '../tool-type.ts';
import { closedList, present, refused, type Slot, type SlotContext } from './slot-context.ts';

const NAME = /^[\p{L}_][\p{L}\p{M}\p{N}_]*$/u;
// database.schema.table.column
const MOST_PARTS = 4;

/** Throws `ConfigurationFault` where no identifier can stand safely. */
export function identifierSlot(context: SlotContext): Slot {
  const { placeholder, position, declaration } = context;
  if (position.kind === 'string') {
    throw new ConfigurationFault(
      context.statementPath,
      `\`${placeholder.written}\` stands inside a string, where only numbers and keywords are safe`,
      'a value belongs in `parameters`, bound with a placeholder of the database',
    );
  }
  const listed = new Set(closedList(declaration));
  const quote = position.kind === 'quoted' ? quotedName(context) : bareName(context);
  const qualifiable = position.kind === 'bare' && position.before !== '.' && position.after !== '.';
  return (value) => {
    const name = present(context, value) as string;
    // What the author listed may hold any character: quoting makes it one name whatever is in it.
    const parts = qualifiable ? name.split('.') : [name];
    if (parts.length > MOST_PARTS || parts.includes('') || name.includes('\0'))
      throw notAName(placeholder.name, name, qualifiable);
    if (!listed.has(name) && !parts.every((part) => NAME.test(part)))
      throw notAName(placeholder.name, name, qualifiable);
    return parts.map((part) => quote(part)).join('.');
  };

  function notAName(parameter: string, name: string, qualified: boolean): Error {
    return refused(
      parameter,
      `must be an identifier (letters, digits, underscores${qualified ? '; parts joined by dots' : ''}), not ${quoteValue(name)}`,
    );
  }
}

/** Text that may touch a quoted name without becoming part of it: `""` would be a quote inside a name. */
const MAY_PRECEDE = /^[\s(),.=<>+*/%|;:[-]?$/;
const MAY_FOLLOW = /^[\s(),.=<>+*/%|;:[\]!-]?$/;

function bareName({
  placeholder,
  position,
  declaration,
  dialect,
  path,
  statementPath,
}: SlotContext): (part: string) => string {
  if (position.kind !== 'bare') throw new TypeError('not a bare position');
  if (!MAY_PRECEDE.test(position.before) || !MAY_FOLLOW.test(position.after)) {
    const [open, close] = dialect.identifierQuotes[0] ?? ['"', '"'];
    throw new ConfigurationFault(
      statementPath,
      `\`${placeholder.written}\` touches \`${MAY_PRECEDE.test(position.before) ? position.after : position.before}\`, and a quoted name cannot be a part of another`,
      `put the whole name in quotes: \`${open}…${placeholder.written}…${close}\``,
    );
  }
  const bare = declaration.escape === undefined;
  if (!bare) checkEscape(declaration.escape, dialect, path);
  return (part) => dialect.quoteIdentifier(part, { bare });
}

const ESCAPES = { 'double-quotes': '"', backticks: '`', 'square-brackets': '[' } as const;

function checkEscape(
  escape: NonNullable<ParameterDeclaration['escape']>,
  dialect: SqlDialect,
  path: readonly (string | number)[],
): void {
  if (escape !== 'single-quotes' && dialect.identifierQuotes.some(([open]) => open === ESCAPES[escape])) return;
  throw new ConfigurationFault(
    [...path, 'escape'],
    escape === 'single-quotes'
      ? 'single quotes make a string of it, and a value belongs in `parameters`, bound with a placeholder of the database'
      : `${escape.replace('-', ' ')} are not quotes of a name in ${dialect.name}`,
    `leave \`escape\` out: names are quoted for the database; or set \`unsafeTemplate: true\` on the tool`,
  );
}

/** Inside the author's quotes: only what would end them needs care. */
function quotedName({
  placeholder,
  position,
  declaration,
  dialect,
  path,
  statementPath,
}: SlotContext): (part: string) => string {
  if (position.kind !== 'quoted') throw new TypeError('not a quoted position');
  if (declaration.escape !== undefined) {
    throw new ConfigurationFault(
      [...path, 'escape'],
      `\`${placeholder.written}\` has quotes in the statement already; leave \`escape\` out`,
    );
  }
  if (position.beside.filter((part) => typeof part !== 'string').length > 1) {
    throw new ConfigurationFault(
      statementPath,
      `\`${placeholder.written}\` shares its quotes with another placeholder; a name has one`,
    );
  }
  const rest = position.beside.filter((part) => typeof part === 'string').join('');
  const { open, close } = position;
  return (part) => {
    // Names that are too long are cut by some databases; the dialect knows, and refuses.
    dialect.quoteIdentifier(rest + part, { bare: false });
    if (open !== close && part.includes(close))
      throw refused(placeholder.name, `cannot hold \`${close}\` inside \`${open}${close}\``);
    return part.replaceAll(close, close + close);
  };
}
