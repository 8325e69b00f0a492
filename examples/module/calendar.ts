/** A working calendar: what a module can do, in one file that is worth asking an agent about. */
import {
  definePrompt,
  defineResource,
  defineResourceTemplate,
  defineTool,
  ToolFailure,
  z,
  type ModuleContext,
} from 'chatelaine/module';
import { addDays, COUNTRIES, holidaysOf, weekdayOf, type Country } from './holidays.ts';

const country = z.enum(COUNTRIES).describe('The country whose public holidays count.');
const date = z.iso.date();
const year = z.int().min(1970).max(2200);

// 1. A tool: the schemas are published to clients, the arguments arrive parsed, the answer is checked.

export const countWorkingDays = defineTool({
  title: 'Count working days',
  description: 'Counts the days from Monday to Friday that are no public holiday, both ends included.',
  annotations: { readOnlyHint: true, openWorldHint: false },
  inputSchema: z.object({ from: date, to: date, country }),
  outputSchema: z.object({
    workingDays: z.int(),
    holidays: z.array(z.object({ date: z.string(), name: z.string() })).describe('Those that fall on a weekday.'),
  }),
  handler({ from, to, country }) {
    if (to < from) throw new ToolFailure(`\`to\` (${to}) is before \`from\` (${from})`);
    if (addDays(from, 36_600) < to) throw new ToolFailure('a century is the most that is counted');
    const holidays = daysBetween(from, to).flatMap((day) => {
      const holiday = weekdayOf(day) <= 5 ? holidayOn(day, country) : undefined;
      return holiday === undefined ? [] : [holiday];
    });
    return { workingDays: daysBetween(from, to).filter((day) => isWorkingDay(day, country)).length, holidays };
  },
});

// 2. Long work: tells how far it is and stops when the caller goes away or the time is up.

export const findBridgeDays = defineTool({
  title: 'Find bridge days',
  description: 'Finds where a few days of leave give the longest time off in a year.',
  annotations: { readOnlyHint: true, openWorldHint: false },
  inputSchema: z.object({ country, year, leave: z.int().min(1).max(15).describe('Days of leave to spend at once.') }),
  async handler({ country, year, leave }, { signal, progress, log }) {
    const found: { from: string; to: string; daysOff: number }[] = [];
    for (let month = 1; month <= 12; month++) {
      signal.throwIfAborted();
      for (const start of daysOfMonth(year, month)) {
        const to = endOfLeave(start, leave, country);
        found.push({ from: start, to, daysOff: daysBetween(start, to).length });
      }
      progress(month, 12, `looked at ${month} of 12 months`);
      // Gives other calls their turn, and the signal a chance to be heard.
      await new Promise(setImmediate);
    }
    log('info', { candidates: found.length });
    return found.toSorted((left, right) => right.daysOff - left.daysOff).slice(0, 5);
  },
});

// 3. Asking the person first, and a resource that says when it changed.

interface Booking {
  readonly from: string;
  readonly to: string;
  readonly days: number;
}

const bookings: Booking[] = [];
const watchers = new Set<() => void>();

export const bookLeave = defineTool({
  title: 'Book leave',
  description: 'Books leave after the person has confirmed it. Kept until the server ends.',
  annotations: { readOnlyHint: false, destructiveHint: false, openWorldHint: false },
  inputSchema: z.object({ from: date, to: date, country }),
  async handler({ from, to, country }, context) {
    const days = daysBetween(from, to).filter((day) => isWorkingDay(day, country)).length;
    if (days === 0) throw new ToolFailure(`there is no working day from ${from} to ${to}`);
    await confirm(context, `Book ${days} days of leave from ${from} to ${to}?`);
    bookings.push({ from, to, days });
    for (const changed of watchers) changed();
    return `Booked ${days} days.`;
  },
});

/** Throws unless the person says yes. On a stateless client the handler runs again with the answer. */
async function confirm(context: ModuleContext, question: string): Promise<void> {
  const answer = await context.elicit(question, {
    type: 'object',
    properties: { sure: { type: 'boolean', title: 'Book it' } },
    required: ['sure'],
  });
  if (answer.action !== 'accept' || answer.content?.['sure'] !== true) throw new ToolFailure('the person said no');
}

export const bookedLeave = defineResource({
  title: 'Booked leave',
  mimeType: 'application/json',
  read: () => JSON.stringify(bookings, null, 2),
  subscribe(changed, signal) {
    watchers.add(changed);
    signal.addEventListener('abort', () => watchers.delete(changed), { once: true });
  },
});

// 4. Asking the client's model.

export const writeOutOfOffice = defineTool({
  title: 'Write an out-of-office note',
  description: 'Has the model of the client word a note for the booked leave.',
  annotations: { readOnlyHint: true },
  inputSchema: z.object({ language: z.string().max(40).default('English') }),
  async handler({ language }, context) {
    const next = bookings[0];
    if (next === undefined) throw new ToolFailure('no leave is booked');
    const text = `Write an out-of-office note in ${language}: away from ${next.from} to ${next.to}. Two sentences.`;
    const { content } = await context.sample({
      messages: [{ role: 'user', content: { type: 'text', text } }],
      maxTokens: 200,
    });
    return { content: Array.isArray(content) ? content : [content] };
  },
});

// 5. A template of resources, and a prompt; both suggest what may be filled in.

export const holidayList = defineResourceTemplate({
  title: 'Public holidays',
  mimeType: 'application/json',
  complete: {
    country: (typed) => COUNTRIES.filter((code) => code.startsWith(typed.toUpperCase())),
  },
  read(variables) {
    const asked = z.object({ country, year: z.coerce.number().pipe(year) }).safeParse(variables);
    if (!asked.success) throw new ToolFailure(`holidays are known for ${COUNTRIES.join(', ')} from 1970 to 2200`);
    return JSON.stringify(holidaysOf(asked.data.country, asked.data.year));
  },
});

export const planLeave = definePrompt({
  title: 'Plan my leave',
  description: 'Spreads days of leave over a year.',
  arguments: {
    country: { description: 'DE, FR or US', complete: (typed) => COUNTRIES.filter((code) => code.startsWith(typed)) },
    year: { description: 'The year' },
    days: { description: 'Days of leave', required: false },
  },
  handler: ({ country, year, days }) =>
    `Plan ${days ?? 'my'} days of leave in ${year}. Use find_bridge_days for ${country} with several lengths, ` +
    'show the two best plans as tables, and book the one that I choose with book_leave.',
});

function daysBetween(from: string, to: string): readonly string[] {
  const days: string[] = [];
  for (let day = from; day <= to; day = addDays(day, 1)) days.push(day);
  return days;
}

const daysOfMonth = (year: number, month: number): readonly string[] => {
  const first = `${year}-${String(month).padStart(2, '0')}-01`;
  return daysBetween(first, addDays(first, 30)).filter((day) => day.slice(0, 7) === first.slice(0, 7));
};

const holidayOn = (day: string, country: Country) =>
  holidaysOf(country, Number(day.slice(0, 4))).find((holiday) => holiday.date === day);

const isWorkingDay = (day: string, country: Country): boolean =>
  weekdayOf(day) <= 5 && holidayOn(day, country) === undefined;

/** The last day off when leave starts on a day and the days after it are free as well. */
function endOfLeave(start: string, leave: number, country: Country): string {
  let left = leave;
  let day = start;
  for (;;) {
    if (isWorkingDay(day, country) && left-- === 0) return addDays(day, -1);
    day = addDays(day, 1);
  }
}
