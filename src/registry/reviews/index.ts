/**
 * reviews: campaigns in which people decide who goes on holding what.
 *
 * Owns the campaign and its lines (`campaign.ts`), opening and closing one (`campaigns.ts`), deciding a line with
 * what comes of it (`decisions.ts`), and what happens at its due time (`due.ts`). Does not own what is held: that is
 * read from identity, from credentials and from policies (`held-things.ts`), and taken away by whoever owns it, with
 * their checks and their record, in the transaction that settles the line (`takings.ts`).
 * A reviewer needs no office: what is taken away is taken as whoever opened the campaign, with the proof of whoever
 * decides (`parts.ts`). Why it is so: ADR 43.
 * Tables: `access_reviews`, `access_review_reviewers`, `access_review_lines`.
 */
export { Campaigns, type NewCampaign } from './campaigns.ts';
export { endDueReviews, startDueReviews } from './due.ts';
export { HeldThings } from './held-things.ts';
export type { ReviewsParts } from './parts.ts';
export { reviewReport, type ReviewReport } from './report.ts';
export { reviewRoutes } from './routes.ts';
