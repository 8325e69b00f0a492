import { table, toSeconds } from '../print.ts';

/** A review of access as the API shows it. */
export interface AccessReview {
  readonly id: string;
  readonly namespace: string;
  readonly title: string;
  readonly reviewers: readonly string[];
  readonly onDue: string;
  readonly dueAt: string;
  readonly state: string;
  readonly counts: Readonly<Record<string, number>>;
}

export interface ReviewLine {
  readonly line: number;
  readonly holder: { readonly kind: string; readonly id: string; readonly name: string | null };
  readonly what: string;
  readonly elsewhere: string | null;
  readonly state: string;
  readonly reason: string | null;
  readonly decidedBy: string | null;
  readonly decidedAt: string | null;
}

const total = ({ counts }: AccessReview): number => Object.values(counts).reduce((sum, count) => sum + count, 0);
const ofCounts = ({ counts }: AccessReview): string =>
  Object.entries(counts)
    .filter(([, count]) => count > 0)
    .map(([state, count]) => `${count} ${state}`)
    .join(', ');

export const describeReviews = (reviews: readonly AccessReview[]): string =>
  table(
    ['ID', 'OF', 'STATE', 'DUE', 'DECIDED', 'TITLE'],
    reviews.map((one) => [
      ...[one.id, one.namespace, one.state, toSeconds(one.dueAt)],
      `${total(one) - (one.counts['undecided'] ?? 0)} of ${total(one)}`,
      one.title.replaceAll(/\s+/g, ' ').slice(0, 60),
    ]),
  );

export const describeReview = (one: AccessReview): string =>
  `${one.title}\n${one.id}, of ${one.namespace === '*' ? 'everything' : `the namespace ${one.namespace}`}: ${one.state}, ` +
  `due ${toSeconds(one.dueAt)} (then: ${one.onDue})\n` +
  `Reviewers: ${one.reviewers.join(', ')}\nLines: ${ofCounts(one) || 'none'}\n`;

export const describeLines = (lines: readonly ReviewLine[]): string =>
  table(
    ['LINE', 'WHO', 'WHAT', 'STATE', 'BY', 'WHY'],
    lines.map((one) => [
      ...[String(one.line), one.holder.name ?? one.holder.id, one.what.slice(0, 80), one.state],
      ...[one.decidedBy ?? '-', (one.reason ?? one.elsewhere ?? '-').replaceAll(/\s+/g, ' ').slice(0, 60)],
    ]),
  );

export const describeDecided = ({ line, what, state, elsewhere }: ReviewLine): string => {
  if (state === 'outstanding') return `Line ${line} (${what}) is to be taken away elsewhere: ${elsewhere}.\n`;
  return `Line ${line} (${what}) is ${state}.\n`;
};
