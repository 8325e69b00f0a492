export const codeOf = (error: unknown): string => (error as { code?: string }).code ?? String(error);

/** The code of the error that `action` ends with; `nothing` when it ends well. */
export async function refusal(action: () => unknown): Promise<string> {
  try {
    await action();
    return 'nothing';
  } catch (error) {
    return codeOf(error);
  }
}
