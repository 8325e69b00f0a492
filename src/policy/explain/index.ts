/**
 * explain: why a decision is what it is, and who could get one.
 *
 * Owns taking a decision apart (`inquiry.ts`), what became of each rule that matched (`weigh.ts`, beside
 * `combine.ts`, which says what they mean together), the explanation for machines (`explanation.ts`) and for people
 * (`sentence.ts`), and what may be said of somebody when little is known of the moment (`possible.ts`, `who.ts`).
 * Does not own who there is and which tools there are: ports that `main` fills in.
 */
export { explain, type Explanation } from './explanation.ts';
export { inquire } from './inquiry.ts';
export { possible, type Known, type Possible } from './possible.ts';
export { sentence } from './sentence.ts';
export { weigh, type Weighed } from './weigh.ts';
