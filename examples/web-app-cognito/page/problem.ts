/** What went wrong, in words for whoever looks at the page. */
export class Problem extends Error {}

/** The words for an error. */
export function inWords(error: unknown): string {
  return error instanceof Problem ? error.message : `Something went wrong: ${error instanceof Error ? error.message : String(error)}`;
}
