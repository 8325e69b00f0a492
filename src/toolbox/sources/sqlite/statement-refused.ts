/** Why a text and its values are not run at all, in words for whoever wrote them. */
export class StatementRefused extends Error {}
